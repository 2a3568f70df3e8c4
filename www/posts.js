/* posts.js - "7 new posts" over a timeline, and what became of those on it. live.js
   hears of them, this asks. Without it: Refresh. */
(() => {
"use strict";
const d = document, bar = d.getElementById("new-posts"), here = location.pathname + location.search;
let newest = +bar.dataset.newest, timer;

async function ask() {
	const answer = await fetch(`/api/posts?${bar.dataset.timeline}&after=${newest}&count=1`);
	const n = answer.ok ? (await answer.json()).newer : 0;
	const link = Object.assign(d.createElement("a"), { href: here, onclick: load,
		textContent: `${n}${n > 98 ? " or more" : ""} new post${n === 1 ? "" : "s"}` });

	if (bar.textContent !== (n ? link.textContent : "")) bar.replaceChildren(...n ? [ link ] : []);
}
/* Puts them on top; what is being written on this page stays. */
async function load(click) {
	click.preventDefault();
	try {
		const now = new DOMParser().parseFromString(await (await fetch(here)).text(), "text/html");
		const all = [ ...now.querySelectorAll("[data-post]") ], more = all.filter((a) => +a.dataset.post > newest);
		const first = d.querySelector("[data-post]");

		if (!first || !more.length || more.length === all.length) throw 0;
		first.before(...more);
		newest = +more[0].dataset.post;
		bar.replaceChildren();
		more[0].tabIndex = -1;
		more[0].focus();
	} catch {
		location = here;
	}
}
d.addEventListener("muster", ({ detail: e }) => {
	const id = e.deleted ?? e.id, at = /^post:/.test(id) && d.querySelector(`[data-post="${+id.slice(5)}"]`);
	const note = Object.assign(d.createElement("p"), { className: "hint" });

	if (at && e.deleted) {
		note.textContent = "This post was deleted.";
		at.removeAttribute("aria-labelledby");
		at.replaceChildren(note);
	} else if (at && e.edited_at) {
		note.innerHTML = `<a href="/posts/${at.dataset.post}">Changed just now: read it anew</a>`;
		at.querySelector(".hint.changed")?.remove();
		note.className += " changed";
		at.append(note);
	}
	clearTimeout(timer);
	timer = setTimeout(() => ask().catch(() => {}), 200 + Math.random() * 800);
});
bar.setAttribute("role", "status");
bar.hidden = false;
})();
