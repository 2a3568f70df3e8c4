// posts.mjs - a responder: reads, posts from the field, finds, puts right; and what everybody may read.

import { button, enter, field, go, holds, judge, like, none, same, soon, tabTo, test, visitor } from "./lib.mjs";
import { admin, signIn } from "./staff.mjs";

// Each journey with JavaScript and without, by another person each; pictures are taken with it.
async function both(name, run) {
	for (const js of [true, false])
		await test(`${name}${js ? "" : ", without JavaScript"}`, () =>
			run({ js, who: js ? "rita" : "rolf", look: async (page, kind) => js && judge(page, kind) }));
}

async function responder({ js, who }, more = {}) {
	const page = await visitor({ js, ...more });

	await signIn(page, who, `${who} in the field`, "**/posts");
	return page;
}

const press = (page, css) => Promise.all([page.waitForNavigation(), page.click(css)]).then(([answer]) => answer);
const ids = (page) => page.$$eval("article.post", (all) => all.map((e) => Number(e.dataset.post)));
const texts = (page) => page.$$eval("article.post .prose", (all) => all.map((e) => e.innerText).join("\n"));
const quiet = (...pages) => none(pages.flatMap((p) => p.complaints.splice(0)), "complaints");

async function posted(page, text) {
	await go(page, "/posts");
	await page.fill("#text", text);
	await press(page, "#compose > button");
	like(page.url(), /\/posts\/\d+\?done=new$/, "where the post is");
	return Number(page.url().match(/\d+(?=\?)/)[0]);
}

export async function posts() {
	await both("everybody reads what is public, and nothing else", async ({ js, look }) => {
		const page = await visitor({ js });

		await go(page, "/");
		await press(page, "main >> text=Bulletins");
		same(await page.innerText("h1"), "Bulletins", "the page");
		like(await texts(page), /Drinking water/, "a public post");
		none((await texts(page)).match(/blankets|Roll-call|insulin/) ?? [], "what is for staff");
		same(await page.$$eval("form[method=post], .tabs", (all) => all.length), 0, "forms to write with");
		await look(page, "posts-public");
		await press(page, "article a:has-text('#apă')");
		like(await page.innerText("main"), /#apă[^]*1 post/, "the tag");
		await press(page, "article .where a >> nth=0");
		like(await texts(page), /Drinking water/, "alone");
		await look(page, "post-public");
		await press(page, "article a:has-text('#RO-CJ-01')");
		like(await page.innerText("#write + .posts"), /Drinking water/, "the shelter's page has it too");
		await press(page, "text=All posts with #RO-CJ-01");
		like(await page.innerText("h1"), /ro-cj-01/, "and leads to all of them");
		quiet(page);
	});

	await both("R1 sign-in leads to home: my teams and mentions, newest first, page by page", async (me) => {
		const page = await responder(me);

		same(await page.innerText(".tabs [aria-current]"), "Home", "where one is");
		none((await texts(page)).match(/blankets/) ?? [], "a team that one is not in");
		await go(page, "/teams/logistica");
		await press(page, "text=Join this team");
		await press(page, "text=What it writes");
		same(await page.innerText("h1"), "Posts of Logistică", "the team's posts");
		await press(page, ".tabs >> text=Home");
		like(await texts(page), /drill is over[^]*Blankets are handed out/, "now they are at home");
		none((await texts(page)).match(/Roll-call/) ?? [], "a closed team");
		await me.look(page, "posts-home");
		await go(page, "/posts?limit=4");
		const first = await ids(page);

		await press(page, "text=Older posts");
		const second = await ids(page);

		holds(second.length === 4 && second.every((id) => id < first[3]), `${first} then ${second}`);
		await me.look(page, "posts-older");
		await press(page, "text=Newer posts");
		same(await ids(page), first, "and back");
		await press(page, ".tabs >> text=Mentions");
		same(await page.innerText("h1"), "Where you are mentioned", "mentions");
		await me.look(page, "posts-mentions");
		quiet(page);
	});

	await both("R2 a post from the field: teams, tags, a place, by keyboard; twice is once", async (me) => {
		const page = await responder(me, { geolocation: { latitude: 46.75712, longitude: 23.55674 }, permissions: ["geolocation"] });
		const text = `Pod surpat la #Mănăștur_${me.who}, @ioana vezi 避難所`;

		await tabTo(page, field("text"));
		await page.keyboard.type(text);
		await tabTo(page, (f) => f.name === "teams" && f.value === "logistica");
		await page.keyboard.press("Space");
		await tabTo(page, (f) => f.tag === "summary" && /place/.test(f.text));
		await page.keyboard.press("Enter");
		if (me.js) {
			same(await page.innerText("#text-left"), `${2000 - [...text].length} characters left`, "room left");
			await page.click("[data-place=position]");
			await page.waitForFunction(() => document.querySelector("#position").value);
		} else {
			await page.fill("#position", "46.75712,23.55674");
		}
		await page.check("input[name=precision][value='1000']");
		await me.look(page, "post-compose");
		await tabTo(page, button("Post"));
		await enter(page);
		like(await page.innerText(".done"), /Posted/, "done");
		like(await page.innerText("article"), /to Logistică[^]*Pod surpat[^]*Place: 46\.76, 23\.56 /, "with a place within 1 km");
		same(await page.$$eval("article .prose a", (all) => all.map((a) => a.getAttribute("href"))),
			[`/hashtags/m%C4%83n%C4%83%C8%99tur_${me.who}`, "/posts?user=ioana"], "its links");
		await me.look(page, "post-new");
		await press(page, "article .prose a >> nth=0");
		like(await page.innerText("main"), new RegExp(`#Mănăștur_${me.who}[^]*1 post[^]*Pod surpat`), "the tag's page");
		await me.look(page, "hashtag");
		await press(page, "text=All tags");
		await me.look(page, "hashtags");

		await go(page, "/posts");
		await page.fill("#text", "x".repeat(2001));
		same((await press(page, "#compose > button")).status(), 422, "too long");
		like(await page.innerText(".problem"), /at most 2000 characters; these are 2001/, "what is wrong");
		same((await page.inputValue("#text")).length, 2001, "what was typed stays");
		await me.look(page, "post-refused");
		await page.fill("#text", text);
		await page.check("input[name=teams][value=logistica]");
		same((await press(page, "#compose > button")).status(), 409, "the same again");
		await press(page, "text=See that post");
		like(await page.innerText("article"), /Pod surpat/, "leads to the first");
		quiet(page);
	});

	await test("R2 without a network the post waits, and goes once", async () => {
		const page = await responder({ js: true, who: "rita" });

		await page.fill("#text", "From the cellar #offline");
		await page.context().setOffline(true);
		await page.click("#compose > button");
		like(await page.innerText("#compose-said"), /offline[^]*will be sent/, "what becomes of it");
		await Promise.all([page.waitForURL(/done=new/), page.context().setOffline(false)]);
		like(await page.innerText("article"), /From the cellar/, "it was sent");
		await go(page, "/hashtags/offline");
		same((await ids(page)).length, 1, "once");
		await go(page, "/posts");
		same(await page.inputValue("#text"), "", "and is no draft any more");
		await page.fill("#text", "Half a thought");
		await page.reload();
		same(await page.inputValue("#text"), "Half a thought", "what is not sent stays");
		await page.fill("#text", "so #off");
		await page.click("#text-tags button");
		same(await page.inputValue("#text"), "so #offline ", "a tag that is in use is offered");
	});

	await both("R3 finding: words without accents, in a team, near a place; highlighted; nothing of closed teams", async (me) => {
		const page = await responder(me);

		await page.click("#search > summary");
		await page.fill("#q", "inchis in:logistica");
		await press(page, "[role=search] > button");
		same(await page.$$eval("mark", (all) => all.map((e) => e.innerText)), ["închis"], "the hit");
		await me.look(page, "posts-found");
		await page.click("[role=search] summary >> nth=0");
		await page.fill("#near", "46.757,23.557");
		await page.selectOption("#radius", "5000");
		await press(page, "[role=search] > button");
		same((await ids(page)).length, 1, "near there too");
		await me.look(page, "posts-near");
		await page.fill("#near", "here");
		same((await press(page, "[role=search] > button")).status(), 422, "what is no place");
		await me.look(page, "posts-search-refused");
		for (const q of ["volunteers", "in:duty", "roll"]) {
			await go(page, `/posts?q=${encodeURIComponent(q)}`);
			same(await ids(page), [], `nothing for ${q}`);
		}
		await me.look(page, "posts-nothing");
		await go(page, "/posts?near=46.7694,23.5902&radius=1000");
		like(await texts(page), /200 blankets/, "near a place");
		quiet(page);
	});

	await both("R5 putting right: changed, then deleted, and gone everywhere at once", async (me) => {
		const page = await responder(me), other = await visitor({ js: me.js }), tag = `fix${me.who}`;
		const id = await posted(page, `Three boats #${tag}`);

		await admin(other);
		await go(other, `/posts/${id}`);
		await page.fill("#text", `Four boats #${tag}`);
		await press(page, "text=Save");
		like(await page.innerText("article"), /edited[^]*Four boats/, "what it says now");
		like(await page.innerText("#versions"), /Three boats/, "and said before");
		await me.look(page, "post-edited");
		await go(other, "/posts?timeline=all");
		like(await other.innerText(`#p${id}`), /edited[^]*Four boats/, "others see it");
		await go(page, `/posts/${id}`);
		await press(page, "text=Delete it");
		await me.look(page, "post-delete");
		await press(page, "main form button");
		like(await page.innerText(".done"), /deleted/, "done");
		await go(other, `/posts/${id}`, 410);
		await me.look(other, "post-gone");
		for (const at of ["/posts", "/posts?timeline=all", `/posts?user=${me.who}`, `/posts?q=${tag}`, `/posts?hashtag=${tag}`]) {
			await go(other, at);
			none((await other.innerText("main")).match(new RegExp(`(Four|Three) boats #${tag}`)) ?? [], `in ${at}`);
		}
		await go(other, `/hashtags/${tag}`, 404);
		quiet(page, other);
	});
}
