// citizen.mjs - from "where can we go?" to "we are not coming after all".

import { button, enter, field, focused, go, holds, like, link, none, numbers, same, soon, tabTo, test, visitor } from "./lib.mjs";

// Announces with a filled form; the page is then the ticket.
async function announce(page, shelter, people) {
	await go(page, `/shelters/${shelter}`);
	await page.fill("#people", String(people));
	await page.click("#come button");
	await page.waitForURL(/\/intents\/[0-9A-Z]{8}/);
	return page.url().match(/intents\/(\w{8})/)[1];
}

const less = (n, by) => String(Number(n) - by);

export async function citizen() {
	await test("no script, only the keyboard, 360 px: search, announce, change, cancel", async () => {
		const page = await visitor({ js: false });

		await go(page, "/");
		await page.keyboard.press("Tab");
		same((await focused(page)).text, "Skip to content", "the first stop");
		await tabTo(page, field("q"));
		await page.keyboard.type("cluj");
		await tabTo(page, field("seats"));
		await page.keyboard.type("4");
		await enter(page);

		like(await page.innerText("h1"), /^Shelters near Cluj/, "heading");
		const where = await page.$$eval(".cards .where", (all) => all.map((e) => e.textContent));
		const metres = where.map((w) => {
			const [, n, unit] = w.match(/^([\d.]+) (km|m) /) ?? [];

			return w.startsWith("here") ? 0 : n * (unit === "km" ? 1000 : 1);
		});

		holds(where.length >= 5, `results: ${where.length}`);
		none(where.filter((w, i) => !(metres[i] >= (metres[i - 1] ?? 0))), `not nearest first, or no distance: ${where}`);
		holds(where.some((w) => /km (north|south|east|west)/.test(w)), "a direction");
		for (const dl of await page.$$eval(".cards .nums", (all) => all.map((e) => e.innerText)))
			like(dl, /Places now\s+(\d+|unknown)\s+Places left counting those on their way\s+(\d+|unknown)/, "both numbers");

		await tabTo(page, link("Școala de pe Deal"));
		await enter(page);
		same(await page.innerText("h1"), "Școala de pe Deal", "the shelter's page");
		const before = await numbers(page, "RO-CJ-01");

		like(before.availability, /^\d+$/, "places now");
		await tabTo(page, field("people"));
		same((await focused(page)).value, "4", "people, from the search");
		await tabTo(page, button("We are coming"));
		await enter(page);

		like(page.url(), /\/intents\/[0-9A-Z]{8}\?done=new$/, "the ticket's address");
		same(await page.innerText("h1"), "Your place is kept", "what was done");
		like(await page.innerText(".done"), /^Write down the code/, "and what to do");
		like(await page.innerText(".code"), /^\w{4} \w{4}$/, "the code");
		holds(await page.$eval(".code", (e) => parseFloat(getComputedStyle(e).fontSize)) >= 32, "the code is 2rem or larger");
		const qr = await page.locator("svg.qr").boundingBox();

		holds(qr.width >= 150 && qr.width === qr.height, "a QR picture, square and large enough to be read");
		like(await page.innerText(".facts"), /People\s+4\s+Kept until/, "what is kept");

		const shelter = async (want, what) => soon(async () => {
			await go(page, "/shelters/RO-CJ-01");
			same(await numbers(page, "RO-CJ-01"), { ...before, projected_availability: want }, what);
		});
		const ticket = page.url().replace(/\?.*/, "");

		await shelter(less(before.projected_availability, 4), "4 fewer left, as many now");
		await page.goto(ticket);
		await tabTo(page, field("people"));
		await page.keyboard.press("Control+A");
		await page.keyboard.type("3");
		await tabTo(page, button("Change the number"));
		await enter(page);
		like(await page.innerText(".done"), /changed/, "changed");
		like(await page.innerText(".facts"), /People\s+3\s/, "3 people");
		await shelter(less(before.projected_availability, 3), "3 fewer left");

		await page.goto(ticket);
		await tabTo(page, button("Cancel our place"));
		await enter(page);
		like(await page.innerText(".done"), /cancelled/, "cancelled");
		same(await numbers(page, "RO-CJ-01"), before, "all as before");
		await go(page, ticket, 404);
		same(await page.innerText("h1"), "This code is not in use", "an ended ticket");
		none(page.complaints, "complaints");
	});

	await test("a code typed in small letters with a blank leads to its ticket; nonsense gets a page that helps", async () => {
		const page = await visitor({ js: false });
		const code = await announce(page, "RO-CJ-09", 2);

		await go(page, "/#code");
		await page.fill("#code-in", `${code.slice(0, 4).toLowerCase()} ${code.slice(4).toLowerCase()}`);
		await page.press("#code-in", "Enter");
		await page.waitForURL(`**/intents/${code}`);
		await go(page, "/intents?code=abc", 404);
		same(await page.inputValue("#code-in"), "abc", "what was typed");
		none(page.complaints, "complaints");
	});

	await test("a refused form: summary first, everything kept, each line leads to its field", async () => {
		const page = await visitor({ js: false });

		await go(page, "/shelters/RO-CJ-05");
		await page.fill("#people", "0");
		await page.check("input[name=needs][value=step-free]");
		await page.click("#come summary");
		await page.fill("#name", "Ana & Ion <3");
		await page.fill("#phone", "call me");
		const [answer] = await Promise.all([page.waitForNavigation(), page.click("#come button")]);

		same(answer.status(), 422, "status");
		like(await page.title(), /^Problem: /, "title");
		holds(await page.evaluate(() => document.activeElement.matches(".problem")), "the summary has the focus");
		same(await page.$$eval(".problem a", (all) => all.map((a) => a.hash)), ["#people", "#phone"], "its links");
		same(await page.inputValue("#people"), "0", "people kept");
		same(await page.inputValue("#name"), "Ana & Ion <3", "name kept");
		same(await page.inputValue("#phone"), "call me", "phone kept");
		holds(await page.isChecked("input[name=needs][value=step-free]"), "need kept");
		for (const id of ["people", "phone"]) {
			same(await page.getAttribute(`#${id}`, "aria-invalid"), "true", `${id} is marked`);
			same(await page.innerText(`#${await page.getAttribute(`#${id}`, "aria-describedby")}`),
				await page.innerText(`.problem a[href="#${id}"]`), `the same words at ${id}`);
		}
		await page.keyboard.press("Tab");
		same((await focused(page)).text, await page.innerText("#people-err"), "the first stop is its first link");
		await page.keyboard.press("Enter");
		same((await focused(page)).id, "people", "the link leads to the field");
		await page.keyboard.press("Control+A");
		await page.keyboard.type("2");
		await page.fill("#phone", "0712 345 678");
		await page.click("#come button");
		await page.waitForURL(/\/intents\//);
		await page.click("button.stop");
		none(page.complaints, "complaints");
	});

	await test("no room: others that hold them all, one tap switches", async () => {
		const page = await visitor({ js: false });

		await announce(page, "RO-IS-05", 50);
		await go(page, "/shelters/RO-IS-05?seats=30");  // another address: a browser keeps a page for a second
		same(await page.inputValue("#people"), "30", "people, from the search");
		await page.check("input[name=needs][value=pets]");
		await page.click("#come summary");
		await page.fill("#name", "Ana");
		const [answer] = await Promise.all([page.waitForNavigation(), page.click("#come button")]);

		same(answer.status(), 409, "status");
		same(await page.innerText("h1"), "Not enough room for 30 people", "heading");
		like(await page.innerText(".lead"), /5 places left/, "how many are left");
		like(await page.innerText("main"), /keep 5 places there/, "some of them can still go");
		const offers = await page.$$eval(".cards > li", (all) => all.map((e) => e.innerText));

		holds(offers.length >= 1 && offers.length <= 3, `alternatives: ${offers.length}`);
		none(offers.filter((o) => !/(m|km) (\S+ )?of it/.test(o)), "how far from it");
		await page.click(".cards li:first-child button");
		await page.waitForURL(/\/intents\//);
		like(await page.innerText(".facts"), /People\s+30\s/, "all of them");
		like(await page.innerText(".facts"), /pet/, "with their needs");
		holds(!(await page.$eval(".ticket h2 a", (a) => a.href)).endsWith("RO-IS-05"), "another shelter");
		none(page.complaints, "complaints");
	});

	await test("reload of the ticket, back and the form once more: one intention", async () => {
		const page = await visitor();

		await go(page, "/shelters/RO-IS-08");
		const before = await numbers(page), form = page.url();
		const code = await announce(page, "RO-IS-08", 4);
		const after = { ...before, projected_availability: less(before.projected_availability, 4) };

		await page.reload();
		same(page.url().match(/intents\/(\w+)/)[1], code, "reload");
		await page.goBack();
		same(page.url(), form, "back");
		await page.fill("#people", "5");
		await page.click("#come button");
		await page.waitForURL(/\/intents\//);
		same(page.url().match(/intents\/(\w+)/)[1], code, "the same ticket");
		like(await page.innerText(".done"), /already/, "it says so");
		like(await page.innerText(".facts"), /People\s+4\s/, "not counted twice");
		await soon(async () => {
			await go(page, "/shelters/RO-IS-08");
			same(await numbers(page), after, "4 fewer left");
		});
		none(page.complaints, "complaints");
	});

	await test("a form sent twice at once makes one intention", async () => {
		const page = await visitor();

		await go(page, "/shelters/RO-IS-06");
		const places = await page.evaluate(async () => {
			const body = new URLSearchParams(new FormData(document.getElementById("come")));

			body.set("people", "3");
			return Promise.all([1, 2, 3].map(async () => (await fetch("/intents", { method: "POST", body })).url.replace(/\?.*/, "")));
		});

		same(new Set(places).size, 1, "tickets");
		like(places[0], /\/intents\/\w{8}$/, "a ticket");
		none(page.complaints, "complaints");
	});

	await test("“Use my location” finds the nearest", async () => {
		const page = await visitor({ geolocation: { latitude: 44.4437, longitude: 26.0800 }, permissions: ["geolocation"] });

		await go(page, "/");
		await page.click("#locate");
		await page.waitForURL(/near=44\.444/);
		holds(!/44\.4437/.test(page.url()), "the position is cut to about 100 m");
		same(await page.innerText("h1"), "Shelters near you", "heading");
		like(await page.innerText(".cards > li:first-child .where"), /^(\d+ m|[12]\.\d km) \S+ · .*București/, "one nearby");
		none(page.complaints, "complaints");
	});

	await test("“Use my location” denied: says so, and the place name still works", async () => {
		const page = await visitor({ permissions: [] });

		await go(page, "/");
		await page.click("#locate");
		await page.waitForFunction(() => /not shared/.test(document.getElementById("said").textContent));
		holds(await page.isEnabled("#locate"), "one can try again");
		await page.fill("#q", "iasi");
		await page.press("#q", "Enter");
		await page.waitForURL(/q=iasi/);
		like(await page.innerText("h1"), /^Shelters near Iași/, "heading");
		none(page.complaints, "complaints");
	});
}
