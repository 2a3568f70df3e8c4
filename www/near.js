/* near.js - "Use my location" fills near=LAT,LON, cut to about 100 m, and searches.
   Without this script, or without a position, the place name does the same work. */
(function () {
	var at = function (id) { return document.getElementById(id); };
	var button = at("locate"), said = at("said"), near = at("near"), q = at("q");

	if (!button || !navigator.geolocation || !window.isSecureContext) return;

	function found(where) {
		near.value = where.coords.latitude.toFixed(3) + "," + where.coords.longitude.toFixed(3);
		near.disabled = false;
		q.value = said.textContent = "";
		button.disabled = false;
		near.form.submit();
	}
	function failed(why) {
		said.textContent = (why.code === 1 ? "Your position was not shared."
			: "We could not find your position.") + " Please type your town instead.";
		button.disabled = false;
	}
	button.onclick = function () {
		said.textContent = "Looking for your position…";
		button.disabled = true;
		navigator.geolocation.getCurrentPosition(found, failed, { timeout: 15000, maximumAge: 60000 });
	};
	button.hidden = false;
})();
