// staff.mjs - the door: who came, who left, how many are inside.

import { enter, field, go, holds, like, none, numbers, same, soon, tabTo, test, visitor } from "./lib.mjs";

export async function signIn(page, name, password, to = "**/arrivals") {
	await go(page, "/session");
	await page.fill("#name", name);
	await page.fill("#password", password);
	await page.click("main button");
	await page.waitForURL(to);
}

export const admin = (page) => signIn(page, "admin", process.env.ADMIN_PASSWORD);
export const mara = (page) => signIn(page, "mara", "mara at the door");

async function announced(page, shelter, people) {
	await go(page, `/shelters/${shelter}?seats=${people}`);
	await page.click("#come button");
	await page.waitForURL(/\/intents\//);
	return page.url().match(/intents\/(\w{8})/)[1];
}

// Presses, and is back at the desk.
async function press(page, css) {
	await Promise.all([page.waitForNavigation({ url: /\/arrivals\/RO/ }), page.click(css)]);
}

const inside = async (page) => Number((await page.innerText("main")).match(/(\d+) (?:people|person) inside ·/)[1]);

export async function staff() {
	await test("a manager at the door: +1 +2 +4, codes, not coming, left, undo, counted, full, sign out", async () => {
		const page = await visitor({ js: false }), citizen = await visitor({ js: false });
		const [first, second] = [await announced(citizen, "RO-B-09", 4), await announced(citizen, "RO-B-09", 2)];

		await go(page, "/arrivals", 401);
		await signIn(page, "mara", "mara at the door");
		same(await page.innerText("h1"), "My shelters", "my shelters");
		same(await page.$$eval(".cards h2", (all) => all.map((e) => e.innerText).sort()),
			["Biserica din Vale - sala mare", "Școala Gârlei"], "those given to her");
		await page.click("a.go:has-text('Școala Gârlei')");
		await page.waitForURL("**/arrivals/RO-B-09");
		like(await page.innerText("#way"), /6 people in 2 groups/, "who is on the way");
		let now = await inside(page);

		for (const n of [1, 2, 4]) {
			await press(page, `form[action="/arrivals"] button[name=people][value="${n}"]`);
			now += n;
			same(await inside(page), now, `+${n}`);
			like(await page.innerText(".done"), new RegExp(`Counted: ${n} more inside`), "what was counted");
		}
		await press(page, ".done button");
		now -= 4;
		same(await inside(page), now, "undo");
		await page.reload();
		same(await inside(page), now, "a reload counts nothing");

		await page.fill("#intent", `${first.slice(0, 4).toLowerCase()} ${first.slice(4).toLowerCase()}`);
		await page.press("#intent", "Enter");
		await page.waitForURL(/done=came&people=4/);
		now += 4;
		same(await inside(page), now, "confirmed by code");
		like(await page.innerText("#way"), /2 people in 1 group/, "one is left on the way");

		await press(page, `button[formaction="/intents/${second}/reject"]`);
		like(await page.innerText(".done"), /not coming/, "not coming");
		like(await page.innerText("main"), /Nobody has said that they are coming/, "nobody on the way");
		same(await inside(page), now, "nobody came in by that");

		await press(page, 'form[action="/departures"] button[name=people][value="2"]');
		now -= 2;
		same(await inside(page), now, "−2");
		await page.fill("#left", "3");
		await press(page, 'form:has(#left) button');
		now -= 3;
		same(await inside(page), now, "another number left");

		await page.fill("#inside", "71");
		await press(page, "form:has(#inside) button");
		same(await inside(page), 71, "counted");
		same(await numbers(page), { availability: "169", projected_availability: "169" }, "places");
		like(await page.innerText("section .age"), /^Confirmed just now/, "its age");

		await page.check("input[name=status][value=full]");
		await press(page, "form:has(input[name=status]) button");
		like(await page.innerText(".st"), /^Full/, "full");
		await soon(async () => {
			await go(citizen, "/shelters/RO-B-09");
			like(await citizen.innerText("main"), /takes nobody in now/, "the citizen's page refuses");
			same(await citizen.locator("#come").count(), 0, "no form");
		});
		await page.check("input[name=status][value=open]");
		await press(page, "form:has(input[name=status]) button");

		await Promise.all([page.waitForNavigation(), page.click(".staff button")]);
		await go(page, "/arrivals/RO-B-09", 401);
		none(page.complaints.concat(citizen.complaints), "complaints");
	});

	await test("who had the form open when the shelter got full is sent on", async () => {
		const door = await visitor({ js: false }), page = await visitor({ js: false });

		await go(page, "/shelters/RO-B-12");
		await page.fill("#people", "1");
		await mara(door);
		await go(door, "/arrivals/RO-B-12");
		await door.check("input[name=status][value=full]");
		await press(door, "form:has(input[name=status]) button");
		const [answer] = await Promise.all([page.waitForNavigation(), page.click("#come button")]);

		same(answer.status(), 409, "status");
		like(await page.innerText(".lead"), /takes nobody in now/, "why");
		holds(await page.locator(".cards button").count() > 0, "where else");
		await door.check("input[name=status][value=open]");
		await press(door, "form:has(input[name=status]) button");
		none(page.complaints.concat(door.complaints), "complaints");
	});

	await test("wrong at the desk: a code that is not in use, more leave than are inside, no number", async () => {
		const page = await visitor({ js: false });

		await mara(page);
		await go(page, "/arrivals/RO-B-12");
		await page.fill("#intent", "AAAA AAAA");
		await page.press("#intent", "Enter");
		await page.waitForLoadState();
		like(await page.title(), /^Problem: Desk: /, "title");
		holds(await page.evaluate(() => document.activeElement.matches(".problem")), "the summary has the focus");
		same(await page.$$eval(".problem a", (all) => all.map((a) => a.hash)), ["#intent"], "its link");
		same(await page.inputValue("#intent"), "AAAA AAAA", "what was typed is kept");
		same(await page.getAttribute("#intent", "aria-invalid"), "true", "the field is marked");

		for (const value of ["400", ""]) {
			await go(page, "/arrivals/RO-B-12");
			await page.fill("#left", value);
			await Promise.all([page.waitForNavigation(), page.click("form:has(#left) button")]);
			holds(await page.locator("a[href='/arrivals/RO-B-12']").count() > 0, `“${value}” left: there is a way back`);
		}
		await go(page, "/arrivals/RO-B-12");
		same(await inside(page), 0, "nothing was counted");
		none(page.complaints, "complaints");
	});

	await test("another manager's shelter is refused, to look at and to count", async () => {
		const page = await visitor();

		await mara(page);
		await go(page, "/arrivals/RO-CJ-01", 403);
		like(await page.innerText("main"), /not one of yours/, "why");
		await go(page, "/arrivals/RO-B-09");
		same(await page.evaluate(async () => {
			const body = new URLSearchParams(new FormData(document.querySelector("form[action='/arrivals']")));

			body.set("shelter", "RO-CJ-01");
			body.set("people", "4");
			return (await fetch("/arrivals", { method: "POST", body })).status;
		}), 403, "counting there");
		page.complaints.length = 0;     // fetch's 403, as wanted
	});

	await test("the admin signs in with the keyboard and gets to any desk by its id", async () => {
		const page = await visitor({ js: false });

		await go(page, "/session");
		await tabTo(page, field("name"));
		await page.keyboard.type("admin");
		await tabTo(page, field("password"));
		await page.keyboard.type("wrong");
		await enter(page);
		like(await page.title(), /^Problem: /, "a wrong password");
		same(await page.inputValue("#name"), "admin", "the name is kept");
		same(await page.inputValue("#password"), "", "the password is not");
		same(await page.getAttribute("#password", "aria-invalid"), "true", "the field is marked");
		await tabTo(page, field("password"));
		await page.keyboard.type(process.env.ADMIN_PASSWORD);
		await enter(page);
		same(await page.innerText("h1"), "My shelters", "signed in");
		await tabTo(page, field("shelter"));
		await page.keyboard.type("RO-CJ-11");
		await enter(page);
		same(await page.innerText("h1"), "Sala Polivalentă Sărată", "the desk");
		none(page.complaints, "complaints");
	});

	await test("a sign-in leads on to the page that asked for it", async () => {
		const page = await visitor({ js: false });

		await go(page, "/arrivals/RO-B-12", 401);
		await page.click("main a.go");
		await page.fill("#name", "mara");
		await page.fill("#password", "mara at the door");
		await page.click("main button");
		await page.waitForURL("**/arrivals/RO-B-12");
		none(page.complaints, "complaints");
	});
}
