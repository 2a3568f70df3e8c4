// pages.mjs - every kind of page: fits, can be read and used by all, asks nobody outside.

import { rename } from "node:fs/promises";
import { go, holds, judge, like, none, same, test, tests, visitor } from "./lib.mjs";
import { alertKinds, endKinds, officerKinds, vera } from "./alerts.mjs";
import { admin, mara } from "./staff.mjs";

// What a form leads to, whatever its status.
async function sent(page, css, status) {
	const [answer] = await Promise.all([page.waitForNavigation(), page.click(css)]);

	same(answer.status(), status, "status");
}

async function announced(page, shelter, people, needs = []) {
	await go(page, `/shelters/${shelter}`);
	await page.fill("#people", String(people));
	for (const need of needs)
		await page.check(`#come input[value=${need}]`);
	await page.click("#come summary");
	await page.fill("#name", "Maria");
	await page.fill("#phone", "0712 345 678");
	await sent(page, "#come button", 200);
}

// kind: how to get there
const kinds = {
	front: (p) => go(p, "/"),
	results: (p) => go(p, "/shelters?q=cluj&seats=4&need=step-free"),
	"results-all": (p) => go(p, "/shelters"),
	"results-near": (p) => go(p, "/shelters?near=44.44,26.10&open=1"),
	"results-none": (p) => go(p, "/shelters?q=cluj&seats=5000&need=medicine&open=1"),
	"results-nowhere": (p) => go(p, "/shelters?q=Atlantis"),
	"search-refused": (p) => go(p, "/shelters?q=cluj&seats=-3", 422),
	shelter: (p) => go(p, "/shelters/RO-CJ-01?seats=4&need=step-free"),
	"shelter-full": (p) => go(p, "/shelters/RO-CJ-02"),
	"shelter-unknown": (p) => go(p, "/shelters/RO-B-05"),
	"shelter-nowhere": (p) => go(p, "/shelters/RO-IS-07"),
	"form-refused": async (p) => {
		await go(p, "/shelters/RO-CJ-01");
		await p.fill("#people", "400");
		await p.click("#come summary");
		await p.fill("#phone", "call me");
		await sent(p, "#come button", 422);
	},
	"no-room": async (p) => {
		await go(p, "/shelters/RO-CJ-12");
		await p.fill("#people", "46");
		await sent(p, "#come button", 409);
	},
	ticket: (p) => announced(p, "RO-CJ-03", 4, ["step-free", "medicine"]),
	"ticket-refused": async (p) => {
		await announced(p, "RO-CJ-03", 3);
		await p.fill("#people", "60");
		await sent(p, "button[value=PATCH]", 422);
	},
	cancelled: async (p) => {
		await announced(p, "RO-CJ-03", 2);
		await sent(p, "button.stop", 200);
	},
	"ticket-ended": (p) => go(p, "/intents?code=K7M2+9QX7", 404),
	locations: (p) => go(p, "/locations"),
	location: (p) => go(p, "/locations/city-CJ"),
	"sign-in": (p) => go(p, "/session"),
	"sign-in-refused": async (p) => {
		await go(p, "/session");
		await p.fill("#name", "ana");
		await p.fill("#password", "wrong");
		await sent(p, "main button", 401);
	},
	"sign-in-first": (p) => go(p, "/arrivals", 401),
	"no-such-shelter": (p) => go(p, "/shelters/RO-XX-99", 404),
	"no-such-page": (p) => go(p, "/nothing/here", 404),
	"too-large": (p) => go(p, "/413.html"),
	"too-many": (p) => go(p, "/429.html"),
};

const staffKinds = {
	"my-shelters": (p) => go(p, "/arrivals"),
	desk: async (p) => {
		await announced(p, "RO-B-09", 4, ["step-free", "medicine"]);
		await go(p, "/arrivals/RO-B-09");
	},
	"desk-counted": async (p) => {
		await go(p, "/arrivals/RO-B-09");
		await sent(p, 'form[action="/arrivals"] button[name=people][value="2"]', 200);
	},
	"desk-wrong-code": async (p) => {
		await go(p, "/arrivals/RO-B-09");
		await p.fill("#intent", "AAAA AAAA");
		await sent(p, "form:has(#intent) button", 404);
	},
	"too-many-left": async (p) => {
		await go(p, "/arrivals/RO-B-12");
		await p.fill("#left", "400");
		await sent(p, "form:has(#left) button", 409);
	},
	"ticket-staff": async (p) => {
		await announced(p, "RO-B-09", 5, ["step-free"]);
	},
	"my-shelters-admin": (p) => go(p, "/arrivals"),
	"not-yours": (p) => go(p, "/arrivals/RO-CJ-01", 403),
};

export async function pages() {
	await test("the first page transfers less than 14 KB", async () => {
		const page = await visitor(), wire = await page.context().newCDPSession(page);
		let bytes = 0;

		await wire.send("Network.enable");
		wire.on("Network.loadingFinished", (e) => { bytes += e.encodedDataLength; });
		await page.goto("/", { waitUntil: "load" });  // the network is never idle: live.js listens
		holds(bytes > 2000 && bytes < 14 * 1024, `${bytes} bytes`);
	});

	const cookies = {};

	await test("three people sign in", async () => {
		for (const [name, signIn] of Object.entries({ admin, mara, vera })) {
			const page = await visitor();

			await signIn(page);
			cookies[name] = await page.context().storageState();
		}
	});
	await tests(Object.entries({ ...kinds, ...staffKinds }).map(([kind, open]) => [`page: ${kind}`, async () => {
		const who = kind === "my-shelters-admin" ? "admin" : kind in staffKinds ? "mara" : "nobody";
		const page = await visitor({ storageState: cookies[who] });

		await open(page);
		await judge(page, kind);
	}]));

	// One after the other: what is in force stands on every page.
	for (const [who, list] of [["nobody", alertKinds], ["vera", officerKinds], ["nobody", endKinds]])
		for (const [kind, open] of Object.entries(list))
			await test(`page: ${kind}`, async () => {
				const page = await visitor({ storageState: cookies[who] });

				await open(page);
				await judge(page, kind);
			});

	await test("a handler is down: a page that tells what to do", async () => {
		const page = await visitor(), socket = `${process.env.STATE}/run/locations.sock`;

		await rename(socket, `${socket}.away`);
		try {
			await go(page, "/locations?cursor=city-A", 503);
			like(await page.innerText("main"), /In danger\? Call 112/, "what to do");
			like(await page.innerText("main"), /stays valid/, "codes stay valid");
			await judge(page, "sorry");
		} finally {
			await rename(`${socket}.away`, socket);
		}
		await go(page, "/locations?cursor=city-A");
		none(page.complaints, "complaints");
	});
}
