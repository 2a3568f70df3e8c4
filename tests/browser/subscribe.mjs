// subscribe.mjs - from "tell me" to "no more": alerts by e-mail and SMS, and what admins keep.

import { readdir, readFile, stat } from "node:fs/promises";
import { button, enter, field, go, holds, judge, like, link, none, same, soon, tabTo, test, visitor } from "./lib.mjs";
import { admin } from "./staff.mjs";

// The words of the latest message to somebody: `make run` writes them into files.
async function message(to, beside = /(?:)/) {
	const dir = `${process.env.STATE}/sent`;

	return soon(async () => {
		const all = await Promise.all((await readdir(dir)).map(async (name) => ({
			at: (await stat(`${dir}/${name}`)).mtimeMs,
			text: (await readFile(`${dir}/${name}`, "utf8")).replace(/=\r?\n/g, "").replace(/=3D/g, "=").replace(/=20/g, " "),
		})));
		const found = all.filter((m) => m.text.includes(to) && beside.test(m.text)).sort((a, b) => b.at - a.at)[0];

		holds(found, `no message to ${to}`);
		return found.text;
	});
}

const path = (text, pattern) => {
	const [found] = text.match(pattern) ?? [];

	holds(found, `no ${pattern} in ${text}`);
	return new URL(found).pathname;
};
const confirmation = /http:\S+\/subscriptions\/[0-9a-f]{40}/;
const own = /http:\S+\/subscriptions\/\d+-[0-9a-f]{40}/;

const tick = (value) => (f) => f.tag === "input" && f.value === value;

async function ask(page, channel, address) {
	await go(page, "/subscriptions?go=1&place=city-CJ");
	await page.check(`input[value=${channel}]`);
	await page.fill("#address", address);
	await Promise.all([page.waitForNavigation(), page.click("main form button")]);
}

// axe needs scripts: each way is gone twice, without them by what one does, with them by how it looks.
const ways = [ [ "no script", { js: false, width: 320 }, async () => {} ], [ "with scripts", {}, judge ] ];

async function both(name, journey) {
	for (const [how, options, look] of ways)
		await test(`${how}: ${name}`, async () => journey(await visitor(options), look, how.split(" ")[0]));
}

export async function subscribe() {
	await both("only the keyboard: alerts by e-mail, asked, confirmed, tested, changed, ended", async (page, look, who) => {
		const address = `m.${who}@example.org`;

		await go(page, "/");
		await tabTo(page, link("Get alerts"));
		await enter(page);
		same(await page.innerText("h1"), "Get alerts", "the page");
		await tabTo(page, field("q"));
		await page.keyboard.type("cluj");
		await enter(page);
		await tabTo(page, tick("city-CJ"));
		await page.keyboard.press("Space");
		await look(page, "subscribe-places");
		await tabTo(page, button("Continue"));
		await enter(page);
		like(await page.innerText("main"), /For Cluj\./, "what was chosen");

		await tabTo(page, tick("email"));
		await page.keyboard.press("Space");
		await tabTo(page, field("address"));
		await page.keyboard.type("not an address");
		await enter(page);
		like(await page.innerText("main"), /There is a problem\s+Write an e-mail address/, "a wrong address");
		same(await page.inputValue("#address"), "not an address", "what was typed");
		holds(await page.isChecked("input[value=email]"), "what was ticked");
		await look(page, "subscribe-refused");

		await tabTo(page, field("address"));
		await page.keyboard.press("Control+A");
		await page.keyboard.type(address);
		await tabTo(page, button("Send me a message"));
		await enter(page);
		same(await page.innerText("h1"), "Look at your e-mail", "what comes next");
		await look(page, "subscribe-sent");

		const mail = await message(address);

		await go(page, path(mail, confirmation));
		like(await page.innerText("main"), /m\*\*\*@example\.org, by e-mail/, "to whom");
		await look(page, "subscribe-confirm");
		await tabTo(page, button("Confirm"));
		await enter(page);
		like(await page.innerText(".done"), /you get alerts from now on/, "done");
		same(await page.innerText("h1"), "Your alerts", "one's own page");

		await tabTo(page, button("Send me a test message"));
		await enter(page);
		like(await page.innerText(".done"), /^Test of \d\d:\d\d/, "the test");
		like(await message(address, /TEST/), /This is not an alert/, "which says what it is");
		await soon(async () => {
			await page.reload();
			like(await page.innerText(".done"), /accepted/, "what became of it");
		});

		await tabTo(page, field("q"));
		await page.keyboard.type("romania");
		await enter(page);
		await tabTo(page, tick("country-RO"));
		await page.keyboard.press("Space");
		await tabTo(page, (f) => f.tag === "summary");
		await page.keyboard.press("Space");
		await page.fill("#quiet_from", "22:00");
		await page.fill("#quiet_to", "06:30");
		await tabTo(page, button("Save"));
		await enter(page);
		like(await page.innerText(".done"), /saved/, "saved");
		like(await page.innerText(".facts"), /Cluj, Romania \(whole country\)[^]*22:00 to 06:30, UTC time\. Critical alerts still come/, "what one gets");
		await look(page, "subscription");

		await tabTo(page, button("End my alerts"));
		await enter(page);
		like(await page.innerText(".done"), /Your address is deleted/, "ended");
		none(page.complaints, "complaints");
	});

	await both("alerts by SMS, with a code", async (page, look, who) => {
		const number = who === "no" ? "0712 345 001" : "0712 345 002", whole = `+40${number.slice(1).replaceAll(" ", "")}`;

		await ask(page, "sms", number);
		same(await page.innerText("h1"), "Type in the code", "where the code goes");
		await look(page, "subscribe-code");
		const [, code] = (await message(whole)).match(/ (\d{6}) /);

		await page.fill("#address", number);
		await page.fill("#code", code === "000000" ? "000001" : "000000");
		await Promise.all([page.waitForNavigation(), page.click("main button")]);
		like(await page.innerText(".problem"), /not right for this number/, "a wrong code");
		await look(page, "subscribe-code-wrong");
		await page.fill("#code", `${code.slice(0, 3)} ${code.slice(3)}`);
		await Promise.all([page.waitForNavigation(), page.click("main button")]);
		same(await page.innerText("h1"), "Your alerts", "the right one");
		like(await page.innerText(".facts"), /\+40 \*\*\* 00\d, by SMS/, "to whom");
	});

	await both("a link from a mail ends it with one press, and not by being opened", async (page, look, who) => {
		const address = `dan.${who}@example.org`;

		await ask(page, "email", address);
		await go(page, path(await message(address), confirmation));
		await Promise.all([page.waitForNavigation(), page.click("main button")]);
		await ask(page, "email", address);
		const mail = await message(address, own), mine = path(mail, own);

		await go(page, `${mine}/unsubscribe`);
		await look(page, "unsubscribe");
		await go(page, mine);
		await go(page, `${mine}/unsubscribe`);
		await Promise.all([page.waitForNavigation(), page.click("main button")]);
		same(await page.innerText("h1"), "You get no more alerts", "ended");
		await look(page, "unsubscribed");
		await go(page, mine, 404);
		await look(page, "subscription-ended");
	});

	await both("an admin adds a webhook, gets its secret once, and sets what is set", async (page, look) => {
		await admin(page);
		await page.click("nav >> text=Webhooks");
		await page.fill("#url", "https://hooks.example.org/muster");
		await page.fill("#locations", "Cluj, country-RO");
		await Promise.all([page.waitForNavigation(), page.click("text=Add >> nth=-1")]);
		like(await page.innerText(".done .id"), /^whsec_/, "the secret");
		await look(page, "webhook-new");
		await page.click("text=All webhooks");
		none(await page.$$eval("main", (all) => all.map((e) => e.innerText).filter((t) => /whsec_/.test(t))), "the secret again");
		await look(page, "webhooks");
		await page.click("main >> text=hooks.example.org");
		await Promise.all([page.waitForNavigation(), page.click("text=Delete it")]);
		like(await page.innerText(".done"), /deleted/, "deleted");

		await page.click("nav >> text=Settings");
		await page.fill('[id="email.password"]', "geheim");
		await Promise.all([page.waitForNavigation(), page.click("main form button >> nth=0")]);
		like(await page.innerText(".done"), /Saved/, "saved");
		same(await page.inputValue('[id="email.password"]'), "", "a secret is not shown");
		await look(page, "settings");
		await page.check('input[name=remove][value="email.password"]');
		await page.fill('[id="site.zone"]', "Europe/Nowhere");
		await Promise.all([page.waitForNavigation(), page.click("main form button >> nth=0")]);
		like(await page.innerText(".problem"), /site\.zone: it must be a time zone/, "what is wrong");
		await look(page, "settings-refused");
	});
}
