// lib.mjs - TAP, a browser without the outside world, and what every page must keep to.

import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Modules are in build/browser: nothing but build/ is written to.
const load = createRequire(process.env.MODULES);
const { chromium } = load("playwright-core");
const axeSource = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

export const site = process.env.SITE;
const shots = process.env.SHOTS;

// --- TAP

let count = 0, failed = 0;

// The open pages of the test that runs here: two may run at once.
const visitors = new AsyncLocalStorage();

export const test = (name, promise) => visitors.run([], async () => {
	const start = performance.now();
	let fault;

	try {
		await promise();
	} catch (e) {
		fault = e;
	}
	await closeVisitors(fault && name);
	count++;
	failed += fault ? 1 : 0;
	console.log(`${fault ? "not ok" : "ok"} ${count} - ${name} # ${Math.round(performance.now() - start)} ms`);
	if (fault)
		for (const line of String(fault.stack ?? fault).split("\n").slice(0, 25))
			console.log(`#   ${line}`);
});

// For tests that do not meet: two at a time, one a core.
export async function tests(list) {
	const next = list[Symbol.iterator]();
	const work = async () => {
		for (const [name, promise] of next)
			await test(name, promise);
	};

	await Promise.all([work(), work()]);
}

export function plan() {
	console.log(`1..${count}`);
	return failed;
}

export function same(got, want, what) {
	const [g, w] = [JSON.stringify(got), JSON.stringify(want)];

	if (g !== w)
		throw new Error(`${what}: ${g} instead of ${w}`);
}

export function like(got, pattern, what) {
	if (!pattern.test(got))
		throw new Error(`${what}: ${JSON.stringify(got)} does not match ${pattern}`);
}

export function holds(truth, what) {
	if (!truth)
		throw new Error(what);
}

export function none(list, what) {
	if (list.length)
		throw new Error(`${what}:\n${list.map((x) => `  ${x}`).join("\n")}`);
}

// Public pages may be a second old: asks again until it holds.
export async function soon(check) {
	for (let i = 0; ; i++)
		try {
			return await check();
		} catch (e) {
			if (i === 12)
				throw e;
			await new Promise((go) => setTimeout(go, 250));
		}
}

// --- the browser: nothing but loopback, and every complaint is kept

let browser;

export async function openBrowser() {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM,
		args: [ "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" ],
	});
}

export const closeBrowser = () => browser.close();

// A page of somebody's own.  { js, width, height, ...context options }
export async function visitor({ js = true, width = 360, height = 740, ...more } = {}) {
	const context = await browser.newContext({
		baseURL: site,
		javaScriptEnabled: js,
		viewport: { width, height },
		locale: "en-GB",
		...more,
	});
	const page = await context.newPage();
	const complaints = [];

	page.setDefaultTimeout(8000);
	page.on("request", (r) => {
		if (new URL(r.url()).origin !== site && !r.url().startsWith("data:"))
			complaints.push(`request to ${r.url()}`);
	});
	page.on("requestfailed", (r) => {
		// A page left before its picture came is no fault.
		if (r.failure()?.errorText !== "net::ERR_ABORTED")
			complaints.push(`failed: ${r.url()} ${r.failure()?.errorText}`);
	});
	page.on("pageerror", (e) => complaints.push(`script: ${e.message}`));
	page.on("console", (m) => {
		// The browser notes that a page was answered with 404 or 422; tests judge statuses themselves.
		const document = m.location().url.split("#")[0] === page.url().split("#")[0];

		if (["error", "warning"].includes(m.type()) &&
		    !(document && /^Failed to load resource: the server responded/.test(m.text())))
			complaints.push(`console: ${m.text()}`);
	});
	page.complaints = complaints;
	visitors.getStore().push(page);
	return page;
}

async function closeVisitors(failure) {
	for (const [i, page] of visitors.getStore().splice(0).entries()) {
		if (failure)
			await page.screenshot({ path: `${shots}/failed-${failure.replace(/\W+/g, "-").slice(0, 60)}-${i}.png`,
				fullPage: true }).catch(() => {});
		await page.context().close();
	}
}

// --- with the keyboard alone

// What has the focus: its tag, id, name, words, and whether one sees that it has it.
export const focused = (page) => page.evaluate(() => {
	const e = document.activeElement, style = getComputedStyle(e), r = e.getBoundingClientRect();

	return {
		tag: e.tagName.toLowerCase(), id: e.id, name: e.getAttribute("name"), value: e.value,
		text: (e.innerText ?? "").replace(/\s+/g, " ").trim(),
		visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && r.width > 1 && r.height > 1
			&& r.bottom > 0 && r.top < innerHeight,
	};
});

// Tab until `found` likes what has the focus.
export async function tabTo(page, found, most = 60) {
	for (let i = 0; i < most; i++) {
		await page.keyboard.press("Tab");
		const f = await focused(page);

		if (f.tag !== "body")
			holds(f.visible, `focus is seen on ${JSON.stringify(f)}`);
		if (found(f))
			return f;
	}
	throw new Error(`no such thing within ${most} tabs of ${page.url()}`);
}

export const field = (id) => (f) => f.id === id;
export const button = (words) => (f) => f.tag === "button" && f.text.startsWith(words);
export const link = (words) => (f) => f.tag === "a" && f.text.startsWith(words);

// Enter, and the page that it leads to.
export async function enter(page) {
	await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
}

export async function go(page, path, status = 200) {
	const answer = await page.goto(path);

	same(answer.status(), status, `status of ${path}`);
}

// { availability: "300", projected_availability: "296" } of the first pair on the page, or of one shelter.
export const numbers = (page, shelter) => page.evaluate((id) => {
	const dl = document.querySelector(id ? `dl[data-shelter="${id}"]` : "dl[data-shelter]");

	return dl && Object.fromEntries([...dl.querySelectorAll("dd[data-n]")].map((d) => [d.dataset.n, d.textContent]));
}, shelter);

// --- what every page must keep to

const rules = [ "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa" ];

// Runs in the page; what passed is not worked out.
const violations = async (runOnly) =>
	(await axe.run(document, { runOnly, preload: false, reporter: "no-passes" })).violations.flatMap((v) =>
		v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary?.split("\n")[1]?.trim() ?? v.help}`));

// Half of the time of all these tests is axe's: it is put into a page once, not at each look.
async function axe(page, runOnly) {
	if (!await page.evaluate(() => "axe" in window))
		await page.evaluate(axeSource);
	return page.evaluate(violations, runOnly);
}

// Runs in the page: what axe does not say.
function lookAround() {
	const out = [], all = (css) => [...document.querySelectorAll(css)], ids = new Set();
	const name = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""} “${(e.innerText || e.name || "").trim().slice(0, 30)}”`;
	let level = 0;

	if (document.documentElement.lang !== "en") out.push("no lang");
	if (all("h1").length !== 1) out.push(`${all("h1").length} h1`);
	if (!/ – muster$/.test(document.title)) out.push(`title: ${document.title}`);
	if (all("main").length !== 1) out.push("not one main");
	if (all("[style]:not([style='']), style, script:not([src]), [onclick]").length) out.push("inline style or script");
	for (const e of all("[id]")) {
		if (ids.has(e.id)) out.push(`id twice: ${e.id}`);
		ids.add(e.id);
	}
	for (const h of all("main h1, main h2, main h3, main h4")) {
		const n = +h.tagName[1];

		// Boxes of what went wrong or well stand above the h1.
		if (n > level + 1 && !h.closest(".problem, .done")) out.push(`h${level} is followed by h${n}: ${h.innerText}`);
		level = h.closest(".problem, .done") ? level : n;
	}
	for (const e of all("input:not([type=hidden]), select, textarea"))
		if (![...e.labels].some((l) => l.textContent.trim())) out.push(`no label: ${name(e)}`);
	for (const e of all("[aria-describedby], [aria-labelledby]"))
		for (const id of `${e.getAttribute("aria-describedby") ?? ""} ${e.getAttribute("aria-labelledby") ?? ""}`.trim().split(/\s+/))
			if (!document.getElementById(id)) out.push(`${name(e)} is described by #${id}, which is not there`);
	for (const e of all("a[href^='#']"))
		if (!document.getElementById(e.hash.slice(1))) out.push(`link to ${e.hash}, which is not there`);
	// 24 px; a link within a sentence is as high as its line.
	for (const e of all("a[href], button, summary, select, input:not([type=hidden])")) {
		const r = (e.closest("label") ?? e).getBoundingClientRect();
		const sentence = getComputedStyle(e).display === "inline" && e.closest("p, li, td, th, dd, h2, h3");

		if (e.closest(".skip, [aria-hidden=true]") || !e.checkVisibility({ visibilityProperty: true }) || sentence) continue;
		if (r.width < 24 || r.height < 24) out.push(`small target: ${name(e)} ${r.width}x${r.height}`);
	}
	if (/%[sdl.]|\(null\)|undefined|NaN|<!--#/.test(document.body.innerText)) out.push("a placeholder is shown");
	if (all("input[name=token]").some((e) => !/^[0-9a-f]{32}$/.test(e.value))) out.push("a form without its token");
	return out;
}

function overflow() {
	const wide = document.documentElement.clientWidth, out = [];

	if (document.documentElement.scrollWidth > wide)
		for (const e of document.querySelectorAll("body *"))
			if (e.getBoundingClientRect().right > wide + 0.5 && !e.closest(".hide, .skip"))
				out.push(`${innerWidth} px: ${e.tagName.toLowerCase()}.${e.className} reaches ${Math.round(e.getBoundingClientRect().right)}`);
	return out.slice(0, 3).concat(out.length || document.documentElement.scrollWidth <= wide ? [] : [`${innerWidth} px: scrolls sideways`]);
}

// What may differ on the desk by night from the phone by day.
const byNight = { type: "rule", values: ["color-contrast", "target-size", "link-in-text-block"] };

// The page that is open: at all widths, by day on a phone and by night on a desk; with
// two pictures where they are asked for.
export async function judge(page, kind) {
	const faults = [], note = (where, list) => faults.push(...list.map((x) => `${where}: ${x}`));

	for (const width of [320, 360, 1280]) {
		await page.setViewportSize({ width, height: width === 1280 ? 800 : 740 });
		note("overflow", await page.evaluate(overflow));
		if (width === 320)
			continue;
		note(`look ${width}`, await page.evaluate(lookAround));
		if (process.env.PICTURES)
			await page.screenshot({ path: `${shots}/${kind}-${width}.png`, fullPage: true });
		await page.emulateMedia({ colorScheme: width === 1280 ? "dark" : "light" });
		note(`axe ${width}`, await axe(page, width === 1280 ? byNight : { type: "tag", values: rules }));
	}
	note("complaint", page.complaints.splice(0));
	none(faults, kind);
}
