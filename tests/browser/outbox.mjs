// outbox.mjs - the operator's view of what was to be sent; CAP and the feed as a browser shows them.

import { execFileSync } from "node:child_process";

import { go, holds, judge, like, same, test, visitor } from "./lib.mjs";
import { publish } from "./alerts.mjs";
import { signIn } from "./staff.mjs";

const operator = (page) => signIn(page, "admin", process.env.ADMIN_PASSWORD);

const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", `${process.env.STATE}/muster.db`, text]).toString().trim();

// What an operator finds on a bad day.  What waits is due tomorrow: the dispatcher is at work.
function fill() {
	const now = Date.now(), later = now + 86400000;

	sql(`begin immediate;
		insert into destination (id, channel, name, width, trips, open_until, failing_since, disabled) values
			(801, 1, 'smtp://relay.example.org:587', 7.5, 0, 0, 0, null),
			(802, 2, 'https://sms.example.org:443', 1, 3, ${later}, ${now - 3600000}, null),
			(803, 3, 'https://a-very-long-name-of-a-host.webhooks.example.org:8443', 1, 0, 0, 0, 'the other side says that it is gone');
		insert into outbox (id, destination, channel, lane, state, due, created, expires, source, recipient, payload, target, finished, tries, code, reason, detail) values
			(8001, 801, 1, 1, 4, 0, ${now - 7200000}, ${later}, 1, 1, 0, 'ana.pop@example.org', ${now - 60000}, 7, 0, 'timeout', 'no <b>answer</b> within 60 s'),
			(8002, 801, 1, 1, 3, 0, ${now - 7200000}, ${later}, 1, 2, 0, 'ion@example.org', ${now - 50000}, 1, 550, 'no-such-user', 'unknown'),
			(8003, 802, 2, 0, 5, 0, ${now - 7200000}, ${later}, 1, 3, 0, '+40712345678', ${now - 40000}, 1, 0, 'unsure', null),
			(8004, 803, 3, 0, 6, 0, ${now - 7200000}, ${now}, 1, 4, 0, 'https://hook.example.org/secret', ${now - 30000}, 3, 0, 'expired', null);
		insert into outbox (destination, channel, lane, state, due, created, expires, source, recipient, payload, target)
			with recursive i (i) as (select 1 union all select i + 1 from i where i < 60)
			select 801 + i % 3, 1 + i % 3, 1, 0, ${later}, ${now} - i * i * 20000, ${later * 2}, 1, i, 0, 'x@example.org' from i;
		insert into attempt values (8001, ${now - 7000000}, 421, 'busy', 'try later'), (8001, ${now - 60000}, 0, 'timeout', 'no <b>answer</b> within 60 s');
		insert into tally select source, channel, state, count(*) from outbox where source = 1 and destination > 800 group by 1, 2, 3
			on conflict do update set n = n + excluded.n;
		commit`);
}

export async function outbox() {
	await test("an operator sees why messages do not arrive, sends again and puts away, without script", async () => {
		const page = await visitor({ js: false });

		await go(page, "/outbox", 401);
		await operator(page);
		await go(page, "/outbox");
		fill();
		await go(page, "/outbox");
		like(await page.innerText("section:has(#dead)"), /no answer in time/, "why");
		like(await page.innerText("section:has(#where)"), /Switched off: the other side says/, "who is off");
		like(await page.innerText("section:has(#where)"), /nothing is sent until/, "who does not answer");
		await page.click("section:has(#dead) li:has-text('no answer in time') a");
		await page.waitForURL(/state=dead/);
		await page.click("#list ~ ol a");
		await page.waitForURL(/outbox\/8001/);
		like(await page.innerText("main"), /a…@example\.org/, "masked");
		holds(!(await page.content()).includes("ana.pop"), "no address");
		like(await page.innerText("main"), /no <b>answer<\/b> within/, "their words are text");
		await page.click("text=Put it away");
		await page.waitForURL(/done=1/);
		like(await page.innerText("main"), /cancelled/, "put away");
		await go(page, "/outbox");
		await page.click("section:has(#dead) li:has-text('no such mailbox') button");
		await page.waitForURL(/done=1/);
		like(await page.innerText(".done"), /1 message is sent again/, "sent again");
		await page.click("section:has(#where) li:has-text('webhooks.example') button");
		await page.waitForURL(/done=enabled/);
		same(sql("select count(*) from destination where disabled is not null"), "0", "on again");
	});

	await test("the operator's pages: all widths, axe, nothing spills", async () => {
		const page = await visitor();

		await operator(page);
		sql("update destination set disabled = 'gone' where id = 803");
		for (const [kind, path] of [["outbox", "/outbox"], ["outbox-list", "/outbox?state=waiting"], ["outbox-none", "/outbox?state=delivered"],
			["outbox-message", "/outbox/8003"]]) {
			await go(page, path);
			await judge(page, kind);
		}
	});

	await test("a CAP message and the feed are pages in a browser", async () => {
		const page = await visitor();
		const id = await publish({ title: "Water <rises>", message: "Go up.\nNow.", languages: { ro: { title: "Apa crește", message: "Urcați." } } });

		await go(page, `/alerts/${id}.cap`);
		same(await page.innerText("h1"), "Water <rises>", "the headline");
		like(await page.innerText("main"), /Go up\.\n+Now\.[^]*Apa crește/, "line by line, in both languages");
		same(await page.$eval(".box", (e) => getComputedStyle(e).borderStyle), "solid", "in our style");
		page.complaints.splice(0); // the browser's own: that it will forget XSLT
		same(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing spills");
		await page.screenshot({ path: `${process.env.SHOTS}/cap-360.png`, fullPage: true });
		await page.setViewportSize({ width: 1280, height: 800 });
		await page.screenshot({ path: `${process.env.SHOTS}/cap-1280.png`, fullPage: true });
		await go(page, "/alerts.atom");
		same(await page.$eval("entry > title", (e) => [e.textContent, getComputedStyle(e).display, getComputedStyle(e).fontWeight]),
			["Water <rises>", "block", "700"], "the feed");
		same(await page.$eval("entry > link", (e) => new URL(e.getAttribute("href")).pathname), `/alerts/${id}.cap`, "leads to it");
	});
}
