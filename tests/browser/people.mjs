// people.mjs - an admin and the people of the organisation: accounts, teams, tokens, who did what.

import { enter, go, judge, like, none, same, tabTo, test, visitor } from "./lib.mjs";
import { admin, signIn } from "./staff.mjs";

// With JavaScript and without; pictures are taken with it.
async function both(name, run) {
	for (const js of [true, false])
		await test(`${name}${js ? "" : ", without JavaScript"}`, async () => {
			const who = js ? "js" : "no";

			await run((more) => visitor({ js, ...more }), async (page, kind) => js && judge(page, kind), who);
		});
}

// Presses, and waits for the page that it leads to.
async function press(page, css) {
	await Promise.all([page.waitForNavigation(), page.click(css)]);
}

export async function people() {
	await both("an admin adds a person, who signs in and chooses a password", async (open, look, who) => {
		const boss = await open(), ion = await open(), name = `ion-${who}`;

		await admin(boss);
		await press(boss, "nav >> text=People");
		await look(boss, "people");
		await boss.fill("#name", "Ion Pop");
		await boss.uncheck("input[name=roles][value=responder]");
		await press(boss, "main form button");
		like(await boss.innerText(".problem"), /small letters[^]*at least one role/, "what is wrong");
		same(await boss.inputValue("#name"), "Ion Pop", "what was typed stays");
		await look(boss, "people-refused");
		await boss.fill("#name", name);
		await boss.check("input[name=roles][value=responder]");
		await boss.check("input[name=roles][value=manager]");
		await boss.fill("#shelters", "RO-B-09");
		await press(boss, "main form button");
		const password = (await boss.innerText(".done .id")).trim();

		like(password, /^[a-z2-9-]{23}$/, "the password");
		await look(boss, "person-new");
		await boss.reload();
		like(await boss.innerText("h1"), new RegExp(name), "a reload shows the same");
		await go(boss, `/people/${name}`);
		none((await boss.innerText("main")).match(password) ?? [], "the password again");
		await look(boss, "person");

		await signIn(ion, name, password, "**/account");
		same(await ion.innerText("main h2"), "Choose your password", "the one page that is open");
		await look(ion, "account-first");
		await go(ion, "/arrivals");
		like(ion.url(), /\/account$/, "others lead to it");
		await ion.fill("#old", password);
		await ion.fill("#new", "kurz");
		await ion.fill("#again", "kurz");
		await press(ion, "main form button");
		like(await ion.innerText(".problem"), /at least 10/, "too short");
		await look(ion, "account-refused");
		await tabTo(ion, (f) => f.id === "old");
		await ion.keyboard.type(password);
		await tabTo(ion, (f) => f.id === "new");
		await ion.keyboard.type("drei rote Boote");
		await tabTo(ion, (f) => f.id === "again");
		await ion.keyboard.type("drei rote Boote");
		await enter(ion);
		like(await ion.innerText(".done"), /new password is saved/, "chosen, by keyboard");
		await look(ion, "account");
		await go(ion, "/arrivals/RO-B-09");

		await press(boss, "text=Disable");
		like(await boss.innerText(".done"), /All sessions have ended/, "disabled");
		await go(ion, "/arrivals", 401);
		await press(boss, "main >> text=Enable");
		await signIn(ion, name, "drei rote Boote");
		none(boss.complaints.concat(ion.complaints).filter((c) => !/401|422/.test(c)), "complaints");
	});

	await both("an admin makes a team; its people come and go; others do not see a closed one", async (open, look, who) => {
		const boss = await open(), ion = await open(), vera = await open(), name = `ion-${who}`;

		await admin(boss);
		await press(boss, "nav >> text=Teams");
		await boss.fill("#title", `Boote ${who}`);
		await boss.check("input[name=open][value='0']");
		await press(boss, "main form button");
		same(await boss.innerText("h1"), `Boote ${who}`, "the team");
		await boss.fill("#user", "nobody-there");
		await press(boss, "form:has(#user) button");
		like(await boss.innerText(".problem"), /nobody of this name/, "who is not there");
		await look(boss, "team-refused");
		await boss.fill("#user", name);
		await press(boss, "form:has(#user) button");
		like(await boss.innerText("#main"), new RegExp(name), "is in it");
		await look(boss, "team");

		await signIn(vera, "vera", "vera warns people", "**/alerts");
		await go(vera, `/teams/boote-${who}`, 404);
		await go(vera, "/teams");
		none((await vera.innerText("main")).match(`Boote ${who}`) ?? [], "a closed team");
		await signIn(ion, name, "drei rote Boote");
		await press(ion, "nav >> text=Teams");
		await press(ion, `text=Boote ${who}`);
		await look(ion, "team-member");
		await press(ion, "text=Leave this team");
		like(await ion.innerText(".done"), /have left/, "left");
		await go(ion, `/teams/boote-${who}`, 404);

		await boss.check("input[name=open][value='1']");
		await press(boss, "button[value=PATCH]");
		await go(vera, `/teams/boote-${who}`);
		await press(vera, "text=Join this team");
		like(await vera.innerText(".done"), /Added/, "joined");
		await look(vera, "team-open");
		await go(vera, "/teams");
		await look(vera, "teams");
		await press(vera, `text=Boote ${who}`);
		await press(vera, "text=Leave this team");
		like(await vera.innerText(".done"), /Taken out/, "left");
		await go(boss, "/teams");
		await look(boss, "teams-admin");
	});

	await both("an admin makes a token, sees it once, revokes it, and reads who did what", async (open, look, who) => {
		const page = await open();

		await admin(page);
		await press(page, "nav >> text=People");
		await press(page, "text=Tokens of programs");
		await page.fill("#name", `desk-${who}`);
		await page.check("input[name=roles][value=manager]");
		await page.fill("#shelters", "RO-B-09");
		await press(page, "text=Make it");
		like(await page.innerText(".done .id"), /^[0-9a-f]{64}$/, "the token");
		await look(page, "token-new");
		await go(page, "/tokens");
		none((await page.innerText("main")).match(/[0-9a-f]{64}/) ?? [], "the token again");
		await look(page, "tokens");
		await press(page, `li:has-text('desk-${who}') button`);
		like(await page.innerText(".done"), /Revoked/, "revoked");
		await press(page, "nav >> text=People");
		await press(page, "text=Who did what");
		like(await page.innerText("main li"), new RegExp(`user:admin\\s+DELETE /tokens/{id} · token:desk-${who}`), "the last deed");
		await look(page, "audit");
		await page.fill("#who", `ion-${who}`);
		await press(page, "main form button");
		like(await page.innerText("main ul"), /POST \/account\/password/, "of one person");
	});
}
