/* live.js - the numbers and the alert banner of an open page change by themselves.
   What happened is in /events, behind a cursor: asked at every opening, and for
   whatever is missing. /live only tells sooner; it may lose or double anything.
   One tab of a browser listens and tells the others. Without it: Refresh. */
(() => {
"use strict";
const d = document, all = "availability,alerts", $ = (css, at = d) => at.querySelector(css);
const known = {}, loaded = Date.now(), rand = (ms) => Math.random() * ms, nap = (ms) => new Promise((go) => setTimeout(go, ms));
const channel = self.BroadcastChannel && navigator.locks && new BroadcastChannel("muster-live");
/* Up to which write sequence this page shows it, by channel. */
if ($("[data-shelter]") && d.body.dataset.seq) known.availability = +d.body.dataset.seq;
if ($("#banner")) known.alerts = +$("#banner").dataset.seq;
const mine = Object.keys(known), born = known.alerts;
if (!mine.length) return;

let es, release, heard = 0, asked = loaded, fails = 0, spread = 2, asleep = false, said = 0, words = "", timer, sleeper;
let paused = remember() === "off", queue = Promise.resolve();
const changed = new Map(), then = (f) => (queue = queue.then(f).catch(() => {}));

function remember(how) { // not where the browser forbids to
	try { return how ? localStorage.setItem("muster-live", how) : localStorage.getItem("muster-live"); } catch { return null; }
}

/* --- what is seen --- */

const make = (tag, set, at) => at.appendChild(Object.assign(d.createElement(tag), set));
const bar = make("p", { className: "live" }, d.createElement("div")), line = make("span", {}, bar);
const button = make("button", { type: "button", className: "quiet" }, bar);
const polite = make("p", { className: "hide" }, d.body);
polite.setAttribute("role", "status");
if ($(".fresh")) $(".fresh").after(bar); else ($(".foot") || d.body).append(bar);

const clock = (t) => new Date(t).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
function show() {
	const live = Date.now() - heard < 40000, near = Date.now() - asked < 40000;
	const state = paused ? "paused" : live ? "live" : near ? "delayed" : "offline";
	const text = { live: "Live: changes show at once.", delayed: "Delayed: changes show within some seconds.",
		paused: "Paused: nothing changes by itself.", offline: "Offline since " + clock(Math.max(heard, asked)) + "." };

	if (state !== d.documentElement.dataset.live) line.textContent = text[d.documentElement.dataset.live = state];
	button.textContent = paused ? "Resume updates" : "Pause updates";
	if ($(".fresh time") && (live || near) && !paused) $(".fresh time").textContent = clock(Math.max(heard, asked));
}
/* What changed on this page, every 30 s at most. */
function say() {
	const n = changed.size, [ first ] = changed.values();

	clearTimeout(timer);
	if (!n) return;
	if (Date.now() - said < 30000) return void (timer = setTimeout(say, said + 30000 - Date.now()));
	said = Date.now();
	polite.textContent = n === 1 ? first : n + " shelters on this page have changed.";
	changed.clear();
}

const statuses = { open: "Open", full: "Full", standby: "On standby: opens when needed", closed: "Closed" };
function shelter(e, seq) {
	for (const at of d.querySelectorAll(`[data-shelter="${CSS.escape(e.shelter)}"]`)) {
		const card = at.closest(".card") || $("main");

		for (const to of at.dataset.n ? [ at ] : at.querySelectorAll("[data-n]")) {
			const name = to.dataset.n, v = name === "status" && e.deleted ? "closed" : e[name];
			const text = name === "status" ? statuses[v] : v == null ? "unknown" : Math.max(v, 0).toLocaleString("en");

			if (text === undefined || to.textContent === text) continue;
			to.textContent = text;
			if (to.value !== undefined) to.value = v ?? "";
			if (name === "status") {
				for (const x of [ to, card ]) for (const s in statuses) if (x.classList.replace(s, v)) break;
			} else {
				to.classList.toggle("word", v == null);
			}
			if (name !== "projected_availability")
				changed.set(e.shelter, `${$("h1,h2,h3", card)?.textContent || e.shelter}: ${text}${name === "status" ? "" : " places now"}.`);
		}
	}
	say();
}

function title() {
	const b = $("#banner.extreme:not(.drill), #banner.severe:not(.drill)");

	d.title = (b ? "ALERT: " : "") + d.title.replace(/^ALERT: /, "");
}
async function banner(seq) {
	for (let i = 0; i < 5; i++, await nap(1000 + rand(500))) {
		const answer = await fetch("/alerts/banner", { cache: "no-store" });
		const now = answer.ok && $("#banner", new DOMParser().parseFromString(await answer.text(), "text/html"));

		if (!now || (+now.dataset.seq < seq && i < 4)) continue;
		const old = $("#banner"), held = old && old.contains(d.activeElement);
		if (old) old.replaceWith(now); else $("main").before(now);
		if (held) $("a", now)?.focus();
		return title();
	}
}
function alerted(e, seq) {
	if (seq > born && e.kind === "alert" && !e.exercise && /^extreme$/i.test(e.severity)) {
		make("p", { className: "hide" }, d.body).setAttribute("role", "alert");
		d.body.lastChild.textContent = `Extreme alert: ${e.title}. ${e.message}`;
	}
	setTimeout(() => banner(seq).catch(() => {}), rand(300));
}

/* --- what is known --- */

function take(ch, e) {
	if (!(e.seq > known[ch])) return;
	known[ch] = e.seq;
	(ch === "alerts" ? alerted : shelter)(e, e.seq);
}
/* Too much was missed: this page, anew. */
async function reset(head) {
	const now = new DOMParser().parseFromString(await (await fetch(location.href, { cache: "no-store" })).text(), "text/html");

	for (const to of d.querySelectorAll("dl[data-shelter] [data-n]")) {
		const css = `dl[data-shelter="${CSS.escape(to.closest("dl").dataset.shelter)}"] [data-n="${to.dataset.n}"]`, from = $(css, now);

		if (from) to.textContent = from.textContent;
	}
	await banner(0);
	for (const ch of mine) known[ch] = ch === "alerts" ? +$("#banner").dataset.seq : +now.body.dataset.seq || head;
}
/* Everything behind `after` (up to `to`), in as many answers as it takes. */
async function fetchEvents(chs, after, to) {
	for (let more = true; more;) {
		const url = `/events?channels=${chs.join()}&after=${after}` + (to ? `&to=${to}` : "");
		const answer = await fetch(url, { cache: to ? "default" : "no-store" });
		const text = await answer.text();

		if (!answer.ok) throw answer.status;
		for (const block of text.split("\n\n")) {
			const f = Object.fromEntries(block.split("\n").map((l) => [ l.slice(0, l.indexOf(":")), l.slice(l.indexOf(":") + 2) ]));

			if (f.id) after = +f.id;
			if (f.event === "reset") return reset(after);
			if (f.event in known) take(f.event, JSON.parse(f.data));
		}
		more = /^: more/m.test(text);
	}
	for (const ch of chs) known[ch] = Math.max(known[ch], after);
	asked = Date.now();
	fails = Math.min(fails, 2);
	show();
}
const catchUp = () => then(() => fetchEvents(mine, Math.min(...Object.values(known))));
const hear = (ch, e) => then(async () => {
	if (e.prev > known[ch]) {
		await nap(rand(300)); // ten thousand have the same hole, and the same answer from the cache
		await fetchEvents([ ch ], known[ch], e.seq);
	}
	take(ch, e);
});
function heads(h) {
	then(() => { if (mine.some((ch) => h[ch] > known[ch])) catchUp(); });
}
function tick(t) {
	heard = Date.now();
	spread = t.w || spread;
	heads(t.heads);
	show();
}

/* --- how it is heard --- */

const on = { tick, availability: (e) => hear("availability", e), alerts: (e) => hear("alerts", e) };
function open() {
	if (!release || es || paused) return;
	let fine = false;

	es = new EventSource(`/live?channels=${all}`);
	es.onopen = () => { fine = true; fails = 0; heard = Date.now(); catchUp(); show(); };
	for (const name in on)
		es.addEventListener(name, (m) => {
			const e = JSON.parse(m.data);

			on[name](e);
			channel?.postMessage([ name, e ]);
		});
	es.onerror = () => {
		cut();
		heard = 0;
		setTimeout(open, rand(1000 * (fine ? spread : Math.min(60, 2 ** ++fails))));
		setTimeout(poll, rand(2000));
	};
}
function cut() {
	es?.close();
	es = null;
}
/* Where the tail is not heard: a small file, and what it says is new. */
async function poll() {
	if (paused || asleep || Date.now() - heard < 40000) return;
	try {
		const head = await fetch("/s/head.json", { cache: "no-store" });

		if (head.ok) heads((await head.json()).heads), asked = Date.now();
		else if (head.status === 404) await catchUp();
	} catch { /* offline: show() says so */ }
	show();
}
const polling = async () => { for (;; await nap(4000 + rand(2000))) await poll(); };

/* The tab that has the lock listens; it gives it back when nobody looks. */
function lead() {
	if (paused || asleep || release) return;
	const go = () => new Promise((done) => {
		if (paused || asleep) return done();
		release = () => { release = null; cut(); done(); };
		open();
	});

	if (channel) navigator.locks.request("muster-live", go); else go();
}
function wake() {
	asleep = false;
	if (paused) return;
	catchUp();
	lead();
}
if (channel) channel.onmessage = ({ data: [ name, e ] }) => { if (!paused) heard = Date.now(), on[name]?.(e); };
setInterval(() => {
	if (es && heard && Date.now() - heard > 40000) es.onerror();
	show();
}, 5000);
d.addEventListener("visibilitychange", () => {
	clearTimeout(sleeper);
	if (d.hidden) sleeper = setTimeout(() => { asleep = true; release?.(); }, 60000);
	else if (asleep) wake();
});
function pause(yes) {
	paused = yes;
	if (yes) release?.(), heard = 0; else wake();
	show();
}
button.onclick = () => {
	remember(paused ? "on" : "off");
	pause(!paused);
};
addEventListener("storage", (e) => { if (e.key === "muster-live") pause(e.newValue === "off"); });
addEventListener("online", () => { if (!paused) setTimeout(catchUp, rand(1000)); });
title();
show();
wake();
polling();
})();
