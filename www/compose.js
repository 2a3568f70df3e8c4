/* compose.js - comfort while writing a post: how much room is left, tags that are in use, the
   own position, and a draft that waits for the network. Without it the form does its work. */
(() => {
"use strict";
const d = document, $ = (css) => d.querySelector(css);
const form = $("#compose"), text = $("#text"), left = $("#text-left"), tags = $("#text-tags"), said = $("#compose-said");

/* Characters as the server counts them; said aloud only near the end. */
function count() {
	const rest = text.dataset.most - [...text.value].length;

	left.hidden = !text.value;
	left.className = rest < 0 ? "err" : "hint";
	left.setAttribute("role", rest < 50 ? "status" : "none");
	left.textContent = rest < 0 ? -rest + " characters too many" : rest + " characters left";
}

/* What is being written, if it is a tag: where it begins, and its letters. */
function tag() {
	const found = /(?:^|[^\p{L}\p{M}\p{N}_&/])[#＃]([\p{L}\p{M}\p{N}_]+)$/u.exec(text.value.slice(0, text.selectionStart));

	return found && { at: text.selectionStart - found[1].length, word: found[1] };
}
let timer, asked = "";
async function suggest() {
	const now = tag();

	if (!now) return void (tags.hidden = true);
	if (asked === now.word) return;
	asked = now.word;
	const answer = await fetch("/api/hashtags?limit=6&prefix=" + encodeURIComponent(now.word)).then((r) => r.json()).catch(() => {});

	if (asked !== now.word) return;
	const known = (answer?.hashtags ?? []).filter((one) => one.hashtag !== now.word);

	tags.hidden = !known.length;
	tags.replaceChildren(...known.map((one) => Object.assign(d.createElement("button"), { type: "button", className: "quiet", dir: "auto",
		textContent: "#" + one.hashtag, onclick() {
			const to = tag();

			if (to) text.setRangeText(one.hashtag + " ", to.at, text.selectionStart, "end");
			tags.hidden = true;
			asked = "";
			text.focus();
			text.dispatchEvent(new Event("input"));
		} })));
}

/* The draft is one person's, and lives as long as the tab; it goes when it was posted. */
const mine = "muster-draft:" + ($(".staff b")?.textContent ?? "");
const store = (value) => {
	try {
		if (value === undefined) return sessionStorage.getItem(mine);
		if (value) sessionStorage.setItem(mine, value); else sessionStorage.removeItem(mine);
	} catch {}
};

if (text) {
	if ($(".done") && !form) store("");
	if (form && !text.value && store()) text.value = store();
	text.addEventListener("input", () => {
		count();
		if (form) store(text.value);
		clearTimeout(timer);
		timer = setTimeout(suggest, 200);
	});
	count();
}
if (form) {
	let waits = false;

	form.addEventListener("submit", (e) => {
		if (navigator.onLine) return;
		e.preventDefault();
		waits = true;
		said.className = "late";
		said.textContent = "You are offline. This is kept here and will be sent when you are back: leave the page open.";
	});
	/* The form's token is for one use: should it have arrived after all, it counts once. */
	addEventListener("online", () => { if (waits) form.requestSubmit(); });
}

for (const button of d.querySelectorAll("[data-place]")) {
	const field = d.getElementById(button.dataset.place), hint = $(`[data-said="${button.dataset.place}"]`);

	if (!navigator.geolocation || !isSecureContext) break;
	button.hidden = false;
	button.onclick = () => {
		hint.textContent = "Looking for your position…";
		button.disabled = true;
		navigator.geolocation.getCurrentPosition((where) => {
			field.value = where.coords.latitude.toFixed(5) + "," + where.coords.longitude.toFixed(5);
			hint.textContent = "Your position is filled in.";
			button.disabled = false;
		}, (why) => {
			hint.textContent = (why.code === 1 ? "Your position was not shared." : "We could not find your position.") + " You can type it.";
			button.disabled = false;
		}, { timeout: 15000, maximumAge: 60000 });
	};
}
})();
