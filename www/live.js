/* live.js - the numbers and the alert banner of an open page change by themselves.
   What happened is in /events, behind a cursor: asked at every opening, and for
   whatever is missing. /live only tells sooner; it may lose or double anything.
   One tab of a browser listens and tells the others, who say what they want to hear.
   What else a page wants ([data-channels]) it gets as events "muster" of its document.
   Without all of it: Refresh. */
(() => {
"use strict";
const d = document, base = [ "availability", "alerts" ], $ = (css, at = d) => at.querySelector(css);
const known = {}, loaded = Date.now(), rand = (ms) => Math.random() * ms, nap = (ms) => new Promise((go) => setTimeout(go, ms));
const channel = self.BroadcastChannel && navigator.locks && new BroadcastChannel("muster-live");
/* Up to which write sequence this page shows it, by channel. */
if ($("[data-shelter]") && d.body.dataset.seq) known.availability = +d.body.dataset.seq;
if ($("#banner")) known.alerts = +$("#banner").dataset.seq;
for (const ch of $("[data-channels]")?.dataset.channels.split(",") ?? []) if (d.body.dataset.seq) known[ch] = +d.body.dataset.seq;
const born = known.alerts, closed = (ch) => /^(staff$|team-)/.test(ch);
let mine = Object.keys(known);
if (!mine.length) return;

let es, release, heard = 0, asked = loaded, askedClosed = 0, fails = 0, spread = 2, asleep = false, said = 0, words = "", timer, sleeper, over;
const wanted = new Set(mine); // by any tab
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
	/* Nobody tells when its time is over. */
	const left = Date.parse($("#banner time")?.dateTime) - Date.now();

	clearTimeout(over);
	if (left > 0 && left < 2 ** 31 - 9000) over = setTimeout(() => paused || banner(0).catch(() => {}), left + 1000 + rand(5000));
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
	setTimeout(() => banner(seq).catch(() => {}), rand(1000));
}

/* --- what is known --- */

function take(ch, e) {
	if (!(e.seq > known[ch])) return;
	known[ch] = e.seq;
	(ch === "alerts" ? alerted : ch === "availability" ? shelter : tell)(e, e.seq);
}
const tell = (detail) => d.dispatchEvent(new CustomEvent("muster", { detail }));
/* Too much was missed: this page, anew. It may be so for all at once. */
async function reset(head) {
	await nap(rand(5000));
	const now = new DOMParser().parseFromString(await (await fetch(location.href, { cache: "no-store" })).text(), "text/html");

	for (const to of d.querySelectorAll("dl[data-shelter] [data-n]")) {
		const css = `dl[data-shelter="${CSS.escape(to.closest("dl").dataset.shelter)}"] [data-n="${to.dataset.n}"]`, from = $(css, now);

		if (from) to.textContent = from.textContent;
	}
	await banner(0);
	for (const ch of mine) known[ch] = ch === "alerts" ? +$("#banner").dataset.seq : +now.body.dataset.seq || head;
	tell({});
}
/* Signed out, or no member any more: the others may be heard all the same. */
async function refused(chs, after, to) {
	if (chs.length > 1) {
		for (const ch of chs) await fetchEvents([ ch ], after, to);
	} else if (closed(chs[0])) {
		delete known[chs[0]];
		wanted.delete(chs[0]);
		mine = Object.keys(known);
	}
}
/* Everything behind `after` (up to `to`), in as many answers as it takes. */
async function fetchEvents(chs, after, to) {
	for (let more = true; more;) {
		const url = `/events?channels=${chs.join()}&after=${after}` + (to ? `&to=${to}` : "");
		const answer = await fetch(url, { cache: to ? "default" : "no-store" });
		const text = await answer.text();

		if ([ 401, 404 ].includes(answer.status) && chs.some(closed)) return refused(chs, after, to);
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
/* Open ones apart: their answer is the same for all, and kept. */
const catchUp = (which = [ false, true ]) => then(async () => {
	for (const kind of which) {
		const chs = mine.filter((ch) => closed(ch) === kind);

		if (chs.length) await fetchEvents(chs, Math.min(...chs.map((ch) => known[ch])));
		if (kind) askedClosed = Date.now();
	}
});
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

const on = (name, e) => name === "tick" ? tick(e) : name in known && hear(name, e);
function open() {
	if (!release || es || paused) return;
	const chs = [ ...new Set([ ...base, ...mine, ...wanted ]) ].slice(0, 20);
	let fine = false;

	es = new EventSource(`/live?channels=${chs.join()}`);
	es.onopen = () => { fine = true; fails = 0; heard = Date.now(); catchUp(); show(); };
	for (const name of [ "tick", ...chs ])
		es.addEventListener(name, (m) => {
			const e = JSON.parse(m.data);

			on(name, e);
			channel?.postMessage([ name, e ]);
		});
	es.onerror = () => {
		cut();
		heard = 0;
		if (!fine && chs.some(closed)) ask();
		setTimeout(open, rand(1000 * (fine ? spread : Math.min(60, 2 ** ++fails))));
		setTimeout(poll, rand(2000));
	};
}
/* Some tab may want what is not its any more: all ask, and want what they got. */
function ask() {
	wanted.clear();
	channel?.postMessage([ "who" ]);
	catchUp();
	then(() => want(mine));
}
function want(chs) {
	const more = chs.some((ch) => !base.includes(ch) && !wanted.has(ch));

	for (const ch of chs) wanted.add(ch);
	if (!more || !es) return;
	cut();
	open();
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

		if (head.ok) {
			const now = await head.json();

			heads(now.heads);
			asked = Date.now();
			/* Of closed channels it says only that something was written, maybe elsewhere. */
			if (mine.some((ch) => closed(ch) && known[ch] < now.sequence) && Date.now() - askedClosed > 15000) catchUp([ true ]);
		} else if (head.status === 404) await catchUp();
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
		channel?.postMessage([ "who" ]);
		open();
	});

	if (channel) navigator.locks.request("muster-live", go); else go();
}
function wake() {
	asleep = false;
	if (paused) return;
	catchUp();
	lead();
	channel?.postMessage([ "want", mine ]);
}
if (channel) channel.onmessage = ({ data: [ name, e ] }) => {
	if (name === "want") want(e);
	else if (paused) return;
	else if (name === "who") catchUp([ true ]), then(() => channel.postMessage([ "want", mine ]));
	else heard = Date.now(), on(name, e);
};
setInterval(() => {
	if (es && heard && Date.now() - heard > 40000) es.onerror();
	show();
}, 5000);
function looked() {
	clearTimeout(sleeper);
	if (d.hidden) sleeper = setTimeout(() => { asleep = true; release?.(); }, 60000);
	else if (asleep) wake();
}
d.addEventListener("visibilitychange", looked);
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
looked();
wake();
polling();
})();
