// alerts.mjs - the officer who warns, and those who are warned.

import { button, enter, field, focused, go, holds, like, link, none, same, site, soon, tabTo, test, visitor } from "./lib.mjs";
import { signIn } from "./staff.mjs";

export const vera = (page) => signIn(page, "vera", "vera warns people", "**/alerts");

// As a program does; what is not said is the usual.
export async function publish(more = {}) {
	const answer = await fetch(`${site}/api/alerts`, {
		method: "POST",
		headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.OFFICER_TOKEN}` },
		body: JSON.stringify({ title: "Flood in Cluj", message: "The river rises.", severity: "Severe", urgency: "Immediate",
			certainty: "Likely", event: "Flood", channels: ["inapp"], audience: { locations: ["city-CJ"] }, ...more }),
	});

	same(answer.status, 202, "published");
	return (await answer.json()).id;
}

export async function follow(id, how, more = {}) {
	const answer = await fetch(`${site}/api/alerts/${id}/${how}`, {
		method: "POST",
		headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.OFFICER_TOKEN}` },
		body: JSON.stringify(more),
	});

	same(answer.status, 202, how);
	return (await answer.json()).id;
}

// What has the focus is chosen or typed into, on the way that Tab goes.
async function choose(page, name, value) {
	await tabTo(page, (f) => f.name === name, 80);
	for (let i = 0; (await focused(page)).value !== value; i++) {
		holds(i < 8, `${value} is one of ${name}`);
		await page.keyboard.press("ArrowDown");
	}
	await page.keyboard.press("Space");
}

async function type(page, id, words) {
	await tabTo(page, field(id), 80);
	await page.keyboard.type(words);
}

const banner = (page) => page.evaluate(() => {
	const b = document.getElementById("banner");

	return b && !b.hidden ? b.innerText.replace(/\s+/g, " ").trim() : "";
});

export async function alerts() {
	await test("an officer, no script, only the keyboard, 360 px: compose, preview, publish, update, cancel", async () => {
		const page = await visitor({ js: false }), citizen = await visitor({ js: false });

		await vera(page);
		await tabTo(page, link("Publish an alert"));
		await enter(page);
		same(await page.innerText("h1"), "New alert", "the composer");
		await type(page, "event", "Flood");
		await type(page, "title", "The Someș floods Cluj");
		await type(page, "message", "Water rises fast.");
		await page.keyboard.press("Enter");
		await page.keyboard.type("Streets by the river go under.");
		await type(page, "instruction", "Go upstairs.");
		await choose(page, "severity", "Severe");
		await choose(page, "urgency", "Immediate");
		await choose(page, "certainty", "Likely");
		await tabTo(page, (f) => f.name === "locations" && f.value === "city-CJ", 80);
		await page.keyboard.press("Space");
		await tabTo(page, button("Preview"), 80);
		await enter(page);

		same(await page.innerText("h1"), "Check before you publish", "nothing goes unseen");
		like(await page.innerText("main"), /Cluj.*at once/s, "where, when");
		like(await page.innerText("main"), /By SMS.*1 SMS \(GSM-7\)/s, "how many SMS");
		like(await page.innerText("main"), /By e-mail.*Water rises fast/s, "the e-mail");
		await go(citizen, "/");
		same(await banner(citizen), "", "no banner yet");

		await tabTo(page, button("Back to editing"));
		await enter(page);
		same(await page.inputValue("#message"), "Water rises fast.\nStreets by the river go under.", "what was typed is kept");
		same(await page.isChecked("input[value=city-CJ]"), true, "what was chosen too");
		await tabTo(page, field("title"));
		await page.keyboard.press("End");
		await page.keyboard.type(" now");
		await enter(page);              // in a field: the preview, never publishing
		same(await page.innerText("h1"), "Check before you publish", "Enter leads to the preview");
		await tabTo(page, (f) => f.tag === "button" && f.text === "Publish");
		await enter(page);

		like(page.url(), /\/alerts\/\d+\?done=published$/, "its page");
		same(await page.innerText("h1"), "The Someș floods Cluj now", "as it was written");
		like(await page.innerText(".done"), /^Published/, "it says so");
		like(await page.innerText("#sent"), /became of it/, "the deliveries");
		const first = page.url().match(/alerts\/(\d+)/)[1];

		await page.reload();
		await soon(async () => {
			await go(citizen, "/");
			like(await banner(citizen), /^Severe The Someș floods Cluj now until \d\d:\d\d|^Severe The Someș floods Cluj now until \d+ \w+ /, "the banner");
		});
		await go(citizen, "/shelters?q=cluj");
		like(await banner(citizen), /floods Cluj now/, "on every page");
		await tabTo(citizen, link("The Someș"));
		await enter(citizen);
		like(await citizen.innerText("article"), /Severe · Act now.*Water rises fast.*What to do.*Go upstairs.*Open shelters in Cluj/s, "what, and what to do");
		same(await citizen.locator("button", { hasText: "Update" }).count(), 0, "no buttons for others");
		await citizen.click("a.go");
		like(await citizen.innerText("h1"), /Cluj/, "shelters of that area");

		await tabTo(page, button("Update"));
		await enter(page);
		same(await page.inputValue("#title"), "The Someș floods Cluj now", "an update starts with the old words");
		await tabTo(page, field("title"));
		await page.keyboard.press("Control+A");
		await page.keyboard.type("The flood reaches the centre");
		await page.keyboard.press("Enter");
		await page.waitForLoadState();
		like(await page.innerText("ins"), /reaches the centre/, "what changes");
		await tabTo(page, (f) => f.tag === "button" && f.text === "Publish");
		await enter(page);
		same(await page.innerText("h1"), "The flood reaches the centre", "updated");
		await soon(async () => {
			await go(citizen, `/alerts/${first}`);
			like(await citizen.innerText("article .late"), /Replaced/, "the first is replaced");
		});

		await tabTo(page, button("Cancel it"));
		await enter(page);
		same(await page.innerText("h1"), "Cancel the alert", "cancelling");
		await tabTo(page, button("Preview"), 80);
		await enter(page);
		await tabTo(page, (f) => f.tag === "button" && f.text === "Publish");
		await enter(page);
		like(await page.innerText("main .grade"), /^Cancelled/, "cancelled");
		like(await page.innerText("#before + ol"), /Cancel.*Update.*Alert/s, "how it went");
		await soon(async () => {
			await go(citizen, "/");
			same(await banner(citizen), "", "no banner any more");
		});
		none(page.complaints.concat(citizen.complaints), "complaints");
	});

	await test("a refused alert: summary first, each line leads to its field, everything kept", async () => {
		const page = await visitor({ js: false });

		await vera(page);
		await go(page, "/alerts/new");
		await page.fill("#message", "Only this.");
		await page.click("main form > button:last-of-type");
		like(await page.title(), /^Problem: New alert/, "title");
		holds(await page.evaluate(() => document.activeElement.matches(".problem")), "the summary has the focus");
		const fields = await page.$$eval(".problem a", (all) => all.map((a) => a.hash.slice(1)));

		same(fields, ["event", "title", "severity", "urgency", "certainty", "locations"], "in the order of the page");
		none(await page.evaluate((ids) => ids.filter((id) => !document.getElementById(id)), fields), "fields that are not there");
		same(await page.inputValue("#message"), "Only this.", "what was typed");
		none(page.complaints, "complaints");
	});

	await test("published twice, by reload, by an older page, by two presses: one alert", async () => {
		const page = await visitor({ js: false }), list = async () => (await (await fetch(`${site}/api/alerts?limit=100`)).json()).alerts
			.filter((a) => a.title === "Only once").length;

		await vera(page);
		await go(page, "/alerts/new");
		for (const [id, words] of Object.entries({ event: "Test", title: "Only once", message: "Once." }))
			await page.fill(`#${id}`, words);
		for (const value of ["Minor", "Future", "Possible", "city-CJ"])
			await page.check(`input[value=${value}]`);
		await page.check("input[name=exercise]");
		await page.click("main form > button:last-of-type");
		await page.waitForSelector("h1:has-text('Check')");
		const sent = await page.$$eval("main form input", (all) => new URLSearchParams(all.map((e) => [e.name, e.value])).toString());
		const cookie = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
		const again = async (body) => (await fetch(`${site}/alerts`, { method: "POST", body, redirect: "manual",
			headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: cookie } })).headers.get("location");

		await page.click("main form button:text-is('Publish')");
		await page.waitForURL(/done=published/);
		const made = new URL(page.url()).pathname;

		await page.reload();
		same(await again(sent), `${made}?done=published`, "the same form once more");
		same(await again(sent.replace("Only+once", "Another+title")), `${made}?done=again`, "another word from an older page");
		await soon(async () => same(await list(), 1, "alerts of that title"));
		await follow(made.slice(8), "cancel");
		none(page.complaints, "complaints");
	});
}

// kind: how to get there, for pages.mjs
export const alertKinds = {
	"alerts-none": (p) => go(p, "/alerts"),
	"front-alert": async (p) => {
		await publish({ title: "Someșul iese din matcă: plecați din lunca Clujului", severity: "Extreme", language: "ro", response: "Shelter",
			message: "Apa crește repede. Străzile de lângă râu vor fi inundate în mai puțin de o oră.\n\nPodul Garibaldi este închis.",
			instruction: "Urcați la etajele de sus sau mergeți la un adăpost.\nLuați medicamentele și actele.",
			languages: { en: { title: "The Someș floods: leave the river side of Cluj", message: "Water rises fast.", instruction: "Go upstairs or to a shelter." } } });
		await publish({ title: "Storm over Iași", severity: "Moderate", urgency: "Expected", event: "Storm", audience: { locations: ["city-IS"] } });
		await soon(async () => {
			await go(p, "/");
			like(await banner(p), /Extreme.*\+\d more/, "the banner");
		});
	},
	alerts: (p) => go(p, "/alerts"),
	alert: async (p) => {
		await go(p, "/alerts");
		await p.click(".notice.extreme a");
		await p.waitForSelector("article.extreme");
	},
	feed: (p) => go(p, "/feed"),
};

export const officerKinds = {
	"feed-staff": (p) => go(p, "/feed"),
	"alerts-officer": (p) => go(p, "/alerts"),
	"alert-officer": async (p) => {
		await go(p, "/alerts");
		await p.click(".notice.extreme a");
		await p.waitForSelector("article.extreme");
	},
	composer: (p) => go(p, "/alerts/new"),
	"composer-refused": async (p) => {
		await go(p, "/alerts/new");
		await p.click("main form > button:last-of-type");
		await p.waitForSelector(".problem");
	},
	"composer-preview": async (p) => {
		await go(p, "/alerts/new");
		for (const [id, words] of Object.entries({ event: "Inundație", title: "Someșul iese din matcă", message: "Apa crește repede." }))
			await p.fill(`#${id}`, words);
		for (const value of ["Severe", "Immediate", "Observed", "city-CJ"])
			await p.check(`input[value=${value}]`);
		await p.click("main form > button:last-of-type");
		await p.waitForSelector("h1:has-text('Check')");
	},
	"composer-update": async (p) => {
		await go(p, "/alerts");
		await p.click(".notice.extreme a");
		await p.click("button[value=update]");
		await p.waitForSelector("h1:has-text('Update')");
	},
};

// Those in force end, one after the other, with a picture of what stands there then.
export const endKinds = {
	"front-exercise": async (p) => {
		const { alerts } = await (await fetch(`${site}/api/alerts?active=1`)).json();

		for (const a of alerts)
			await follow(a.id, "cancel");
		await publish({ title: "Practice: flood in Cluj", exercise: true });
		await soon(async () => {
			await go(p, "/");
			like(await banner(p), /^EXERCISE · Severe Practice/, "the banner says that it is one");
		});
	},
	"front-all-clear": async (p) => {
		const { alerts } = await (await fetch(`${site}/api/alerts?active=1`)).json();

		await follow(alerts[0].id, "cancel");
		await follow(await publish({ title: "Flood in Cluj" }), "all-clear");
		await soon(async () => {
			await go(p, "/");
			like(await banner(p), /^All clear Flood in Cluj$/, "the banner is calm");
		});
	},
	"alert-all-clear": async (p) => {
		await go(p, "/alerts");
		await p.click(".notice.clear a");
		await p.waitForSelector("article.clear");
	},
};
