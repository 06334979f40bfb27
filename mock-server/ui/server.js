// The mock itself: its clock, the way back to the start, and what it is.
import { get, send } from "./api.js";
import { announce, button, confirm, h, number, say, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { fileLink } from "./reference.js";
import { refresh, repeat, state } from "./state.js";

const EVERY = 1000;
const STEPS = [
	["+1 s", "1s"],
	["+30 s", "30s"],
	["+1 min", "1m"],
	["+1 h", "60m"],
];

export function serverView() {
	const stop = new AbortController();
	const now = h("p", { class: "clock" });
	const badge = h("span", { class: "badge" });
	const whilePaused = h("div", { hidden: true });
	const toggle = button("Pause", () => set({ paused: !isPaused }));
	let isPaused = false;

	function show(clock) {
		isPaused = clock.paused;
		now.replaceChildren(shown(clock.now));
		badge.className = `badge ${isPaused ? "warn" : "good"}`;
		say(badge, isPaused ? "paused" : "running");
		say(toggle, isPaused ? "Resume the clock" : "Pause the clock");
		whilePaused.hidden = !isPaused;
	}

	async function set(clock) {
		await send("PUT", "clock", clock);
		show(await get("clock"));
	}

	async function advance(by) {
		await send("POST", "clock/advance", { by });
		show(await get("clock"));
	}

	whilePaused.append(
		h(
			"div",
			{ class: "toolbar" },
			h("span", {}, "Advance by"),
			STEPS.map(([label, by]) => button(label, () => advance(by), { class: "small" })),
		),
		form(
			[field("by", "Another step", { placeholder: "90s", hint: "Such as 250ms, 30s or 90m; a day at most." })],
			"Advance",
			async (form) => {
				await advance(textOf(form, "by").trim());
				form.reset();
			},
		),
		form([field("now", "Set to", { placeholder: "2026-06-01T10:12:00.000Z" })], "Set", async (form) => {
			await set({ paused: true, now: textOf(form, "now").trim() });
			form.reset();
		}),
	);

	function resetAll() {
		confirm(
			"Reset the mock?",
			"Partners, keys, wallets, companies and faults are as at the start again, the journal is empty, and the clock runs. Other users of this mock are affected.",
			"Reset",
			async () => {
				await send("POST", "reset");
				await refresh();
				announce("The mock is as it was at the start.");
			},
		);
	}

	const facts = h("dl", { class: "facts" });

	function update() {
		const { info } = state;
		if (!info) return;
		const all = [
			["Version", info.version],
			["Started", info.startedAt],
			["Base URL", info.baseUrl],
			["Seed", info.seed],
			["Partners", number(info.partners)],
			["Requests kept", number(info.requests)],
			["Requests evicted", number(info.evicted.byEntryLimit + info.evicted.byByteLimit)],
		];
		facts.replaceChildren(
			...all
				.filter(([, value]) => value !== undefined)
				.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, shown(value)))),
		);
	}

	update();
	repeat(async () => show(await get("clock", { signal: stop.signal })), EVERY, stop.signal);
	const root = h(
		"section",
		{ class: "columns", "aria-label": "The mock" },
		h(
			"div",
			{ class: "card" },
			h("div", { class: "title" }, h("h2", {}, "Clock"), badge),
			now,
			h(
				"p",
				{ class: "quiet" },
				"All times of the mock come from this clock. While it is paused, it moves only by advance, and so does every delay.",
			),
			toggle,
			whilePaused,
		),
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "About"),
			facts,
			h(
				"p",
				{},
				"Programs do all of this through ",
				fileLink("the control API", "openapi/control.yaml"),
				", as this page does.",
			),
		),
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "Start again"),
			h("p", {}, "Everything as it was when the mock started."),
			h("button", { type: "button", class: "danger", onclick: resetAll }, "Reset …"),
		),
	);
	return { root, update, stop: () => stop.abort() };
}
