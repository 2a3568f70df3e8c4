// live.mjs - what changes by itself on an open page, and what cannot stop it. On a site of its own: it is restarted.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { go, holds, like, same, test, visitor } from "./lib.mjs";

const B = process.env.B ?? "build", nap = (ms) => new Promise((go) => setTimeout(go, ms));

// Waits for what comes by itself, `ms` at most.
async function comes(check, ms = 15000) {
	for (const end = Date.now() + ms;; await nap(100))
		try {
			return await check();
		} catch (e) {
			if (Date.now() > end)
				throw e;
		}
}

const freePort = () => new Promise((found) => {
	const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => found(port)); });
});

// { url, start(), stop(), shelter(), announce(), alert() }
async function own(name, env = {}) {
	const state = `${process.env.STATE}-${name}`, port = await freePort(), url = `http://127.0.0.1:${port}`;
	let child, tokens = {};

	rmSync(state, { recursive: true, force: true });
	mkdirSync(state, { recursive: true });
	const token = (role) => execFileSync(`${B}/bin/muster`, ["--state", state, "token", "add", role, "--role", role]).toString().trim();
	const call = async (path, body, who, method = "POST") => {
		const answer = await fetch(url + path, { method, body: JSON.stringify(body),
			headers: { "content-type": "application/json", ...(who && { authorization: `Bearer ${tokens[who] ??= token(who)}` }) } });

		holds(answer.ok, `POST ${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
		return answer.status === 204 ? null : answer.json();
	};
	return {
		url, state, call,
		person: (name, password) => execFileSync(`${B}/bin/muster`, ["--state", state, "user", "add", name, "--role", "responder"],
			{ input: password + "\n" }),
		start: async () => {
			child = spawn("nginx/run.sh", { env: { ...process.env, ...env, PORT: port, STATE: state, DEMO: "0", WORKERS: "1", B }, stdio: "ignore" });
			await comes(async () => holds((await fetch(url + "/health")).ok, "up"));
		},
		stop: () => new Promise((gone) => { child.on("exit", gone); child.kill("SIGTERM"); }),
		shelter: (id) => call("/api/shelters", { id, name: `House ${id}`, capacity: 100, status: "open" }, "admin"),
		announce: (shelter, people = 1) => call("/api/intents", { shelter, people }),
		alert: (severity, title, more) => call("/api/alerts", { title, message: "Go up.", severity, urgency: "Immediate", certainty: "Observed",
			event: "Flood", channels: ["inapp"], audience: { locations: ["country-RO"] }, ...more }, "publisher"),
	};
}

const left = (page, id) => page.textContent(`dl[data-shelter="${id}"] [data-n=projected_availability]`);
const state = (page) => page.evaluate(() => document.documentElement.dataset.live);

async function ids(s) {
	await test("an EventSource, through a restart of everything: each event once, in order", async () => {
		const page = await visitor({ baseURL: s.url });
		const want = [];
		const some = async (n) => { for (let i = 0; i < n; i++) { await s.announce("RO-CJ-02"); await nap(60); } };

		await go(page, "/robots.txt");
		await page.evaluate(() => {
			window.got = [];
			const es = new EventSource("/events?channels=alerts,availability&after=0");
			for (const name of ["availability", "alerts"])
				es.addEventListener(name, (m) => window.got.push({ id: +m.lastEventId, name, ...JSON.parse(m.data) }));
		});
		await some(10);
		await s.stop();
		await nap(500);
		await s.start();
		await some(10);
		const last = +(await (await fetch(s.url + "/events?after=0")).text()).match(/id: (\d+)\n\n$/)[1];
		const got = await comes(async () => {
			const all = await page.evaluate(() => window.got);

			same(all.at(-1)?.id, last, "the last event came");
			return all;
		}, 20000);
		for (let i = 1; i < got.length; i++)
			holds(got[i].id > got[i - 1].id, `${got[i].id} after ${got[i - 1].id}`);
		const prevs = {};
		for (const e of got) {
			same(e.prev, prevs[e.name] ?? 0, `nothing is missing before ${e.id}`);
			prevs[e.name] = e.seq;
			want.push(e.id);
		}
		same(got.filter((e) => e.shelter === "RO-CJ-02").at(-1).projected_availability, 80, "the last state");
	});
}

async function numbers(s) {
	await test("a number changes where it stands, and is told politely; paused it stands still, also after a reload", async () => {
		const page = await visitor({ baseURL: s.url });

		await go(page, "/shelters/RO-CJ-01");
		await page.evaluate(() => { window.same = true; });
		await comes(async () => same(await state(page), "live", "state"));
		like(await page.textContent(".live"), /Live/, "the state line");
		await s.announce("RO-CJ-01", 3);
		await comes(async () => same(await left(page, "RO-CJ-01"), "97", "places left"), 5000);
		await s.call("/api/arrivals", { shelter: "RO-CJ-01", people: 2 }, "admin");
		await comes(async () => like(await page.textContent("p[role=status].hide"), /House RO-CJ-01: 98 places now/, "said"), 5000);
		same(await page.evaluate(() => window.same), true, "no reload");

		await page.click(".live button");
		same(await state(page), "paused", "state");
		await s.announce("RO-CJ-01", 5);
		await nap(3000);
		same(await left(page, "RO-CJ-01"), "95", "paused");
		await page.reload();
		same(await state(page), "paused", "remembered");
		same(await left(page, "RO-CJ-01"), "90", "the page itself is of now");
		await s.announce("RO-CJ-01", 5);
		await nap(2000);
		same(await left(page, "RO-CJ-01"), "90", "still paused");
		await page.click(".live button");
		await comes(async () => same(await left(page, "RO-CJ-01"), "85", "caught up"), 5000);
	});
	await test("full and closed show too", async () => {
		const page = await visitor({ baseURL: s.url });

		await go(page, "/shelters?q=");
		await go(page, "/shelters/RO-CJ-03");
		await comes(async () => same(await state(page), "live", "state"));
		const answer = await page.request.fetch(`${s.url}/api/shelters/RO-CJ-03`, { method: "PATCH", data: { status: "full" },
			headers: { authorization: `Bearer ${execFileSync(`${B}/bin/muster`, ["--state", s.state, "token", "add", "t3", "--role", "admin"]).toString().trim()}` } });
		same(answer.status(), 200, "patched");
		await comes(async () => same(await page.textContent("p.st.full"), "Full", "status"), 5000);
	});
}

async function tabs(s) {
	await test("two tabs, one stream; when its tab closes the other one takes over", async () => {
		const one = await visitor({ baseURL: s.url }), streams = [];

		one.context().on("request", (r) => { if (new URL(r.url()).pathname === "/live") streams.push(r); });
		await go(one, "/shelters/RO-CJ-04");
		await comes(async () => same(streams.length, 1, "streams"));
		const two = await one.context().newPage();
		await go(two, "/shelters/RO-CJ-04");
		await comes(async () => same(await state(one), "live", "state"));
		await s.announce("RO-CJ-04", 2);
		for (const page of [one, two])
			await comes(async () => same(await left(page, "RO-CJ-04"), "98", "both change"), 5000);
		same(streams.length, 1, "streams");
		await one.close();
		await comes(async () => same(streams.length, 2, "the other one listens"), 5000);
		await s.announce("RO-CJ-04", 2);
		await comes(async () => same(await left(two, "RO-CJ-04"), "96", "and hears"), 5000);
	});
}

async function alerts(s) {
	await test("an alert: banner, title, spoken once when it is extreme; all of it without a reload", async () => {
		const page = await visitor({ baseURL: s.url });

		await go(page, "/");
		await page.evaluate(() => { window.same = true; });
		await comes(async () => same(await state(page), "live", "state"));
		await s.alert("Severe", "Flood in Cluj");
		await comes(async () => like(await page.textContent("#banner"), /Flood in Cluj/, "banner"), 8000);
		like(await page.title(), /^ALERT: .* – muster$/, "title");
		same(await page.locator("[role=alert]").count(), 0, "severe is not shouted");
		await s.alert("Extreme", "Dam has broken");
		await comes(async () => like(await page.textContent("#banner"), /Dam has broken/, "banner"), 8000);
		same(await page.locator("p[role=alert]").count(), 1, "spoken once");
		like(await page.textContent("p[role=alert]"), /Dam has broken/, "spoken");
		same(await page.evaluate(() => window.same), true, "no reload");
	});
}

async function without(s) {
	await test("the hub dies: polled meanwhile, heard again, nothing missed", async () => {
		const page = await visitor({ baseURL: s.url });
		const hub = () => +readFileSync(`${s.state}/run/live/nginx.pid`, "utf8");

		await go(page, "/shelters/RO-CJ-05");
		await comes(async () => same(await state(page), "live", "state"));
		process.kill(hub(), "SIGKILL");
		for (const w of readWorkers(hub()))
			process.kill(w, "SIGKILL");
		await s.announce("RO-CJ-05", 4);
		await comes(async () => same(await left(page, "RO-CJ-05"), "96", "places left"), 15000);
		await comes(async () => same(await state(page), "live", "state"), 30000);
	});
}
const readWorkers = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

async function polled() {
	await test("a host without the hub: numbers change within seconds, and the page says so", async () => {
		const s = await own("polled", { LIVE: "off" });

		await s.start();
		try {
			await s.shelter("RO-CJ-01");
			await nap(1200);
			const page = await visitor({ baseURL: s.url });

			await go(page, "/shelters/RO-CJ-01");
			same((await fetch(s.url + "/live")).status, 404, "no tail");
			await s.announce("RO-CJ-01", 4);
			await comes(async () => same(await left(page, "RO-CJ-01"), "96", "places left"), 12000);
			same(await state(page), "delayed", "state");
			like(await page.textContent(".live"), /Delayed/, "the line");
		} finally {
			await s.stop();
		}
	});
}

const bar = (page) => page.textContent("#new-posts");

async function bulletins(s) {
	await test("bulletins: \"1 new post\" over the list, in a tab that does not listen itself; nothing jumps, the draft stays", async () => {
		const first = await visitor({ baseURL: s.url }), password = "korrekt horse";

		s.person("dan", password);
		await go(first, "/session");
		await first.fill("#name", "dan");
		await first.fill("#password", password);
		await first.click("form button:not(.quiet)");
		await first.waitForURL((u) => u.pathname !== "/session");
		await s.call("/api/posts", { text: "The first" }, "responder");
		await go(first, "/");
		await comes(async () => same(await state(first), "live", "state"));
		const page = await first.context().newPage();
		await go(page, "/posts");
		await comes(async () => same(await state(page), "live", "state"));
		await page.fill("#text", "half a wo");
		const top = () => page.evaluate(() => document.querySelector("article").getBoundingClientRect().top);
		const before = await top();

		same(await bar(page), "", "nothing new");
		const { post } = await s.call("/api/posts", { text: "The second" }, "responder");
		await comes(async () => same(await bar(page), "1 new post", "the bar"), 5000);
		same(await top(), before, "the list has not moved");
		await page.click("#new-posts a");
		await comes(async () => like(await page.textContent("article"), /The second/, "on top"), 5000);
		same(await bar(page), "", "nothing new");
		same(await page.inputValue("#text"), "half a wo", "the draft");

		const at = `[data-post="${post.id.slice(5)}"]`;
		await s.call(`/api/posts/${post.id.slice(5)}`, { text: "The 2nd" }, "responder", "PATCH");
		await comes(async () => like(await page.textContent(at), /Changed just now/, "an edit"), 5000);
		await s.call(`/api/posts/${post.id.slice(5)}`, undefined, "responder", "DELETE");
		await comes(async () => same((await page.textContent(at)).trim(), "This post was deleted.", "a deletion"), 5000);
		same(await bar(page), "", "none of which is a new post");
	});
	await test("bulletins: who is not signed in sees those that are public", async () => {
		const page = await visitor({ baseURL: s.url });

		await go(page, "/posts");
		await comes(async () => same(await state(page), "live", "state"));
		await s.call("/api/posts", { text: "For us" }, "responder");
		await s.call("/api/posts", { text: "For all", public: true }, "publisher");
		await comes(async () => same(await bar(page), "1 new post", "the bar"), 8000);
		await page.click("#new-posts a");
		await comes(async () => like(await page.textContent("article"), /For all/, "on top"), 8000);
	});
}

export async function live() {
	const s = await own("live");

	await s.start();
	try {
		for (const n of [1, 2, 3, 4, 5])
			await s.shelter(`RO-CJ-0${n}`);
		await nap(1200);
		await numbers(s);
		await tabs(s);
		await alerts(s);
		await bulletins(s);
		await without(s);
		await ids(s);
	} finally {
		await s.stop();
	}
	await polled();
}
