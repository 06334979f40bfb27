// Faults: the common ones at a switch, any other as text, and the active rules.
import { get, send } from "./api.js";
import { announce, button, confirm, count, empty, h, keep, say, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { partner, refresh, repeat } from "./state.js";

const EVERY = 2000;

/** What is wrong, in the text form of a rule; its options are in the order in which the mock writes them. */
const READY = [
	[
		"Responses",
		[
			["503 Unavailable", "status=503", "The service is overloaded, or restarts."],
			["429 Retry-After", "status=429 retryAfter=1", "Too many requests; come again in one second."],
			["500 Server Error", "status=500", "The service fails by itself."],
			["502 HTML page", "status=502 htmlErrorPage", "What a proxy sends where JSON was expected."],
		],
	],
	[
		"Time",
		[
			["Slow, 2 s", "delay=2s", "The right response, late."],
			["Long tail", "delay=lognormal(90ms,1.5)", "Most responses are quick, some are slow."],
			["Throttled, 5 s", "throttle=5s", "The body is sent in small pieces."],
			["Hang", "connection=hang", "Accepts the request and never responds."],
		],
	],
	[
		"Broken bodies",
		[
			["Truncated", "truncate=40", "40 bytes of the body, then the connection ends."],
			["Malformed JSON", "malformedJson", "The body without its last byte."],
			["Not UTF-8", "invalidUtf8", "A byte FF in the first string."],
		],
	],
	[
		"Single values",
		[
			["No name", 'set={"/data/0/name":null} operation=companies', "The first company's name is null."],
			["No id", "remove=/data/0/id operation=companies", "The first company has no id."],
			["First page", "firstPage=1 operation=companies", "One company, and a nextCursor."],
		],
	],
	[
		"Connection",
		[
			["Reset", "connection=reset", "As if the service had crashed."],
			["Closed without a response", "connection=close", "An orderly end, without a byte."],
			["Not HTTP", "connection=garbage", "Bytes that mean nothing."],
		],
	],
];

const WHEN = [
	["", "every request"],
	["times=1", "the next request only"],
	["times=3", "the next 3 requests"],
	["after=2", "all after 2 good ones"],
	["every=3", "every 3rd request"],
	["flapping=2/3", "2 bad, 3 good, and again"],
	["probability=0.5 rngSeed=1", "half of them, at random"],
];

const OPTIONS = [
	["status=503", "this status, with a JSON error"],
	["htmlErrorPage", "with a proxy's HTML page"],
	['body="…"', "this body"],
	['set={"/data/0/name":null}', "this value in the real body, at a JSON pointer"],
	["remove=/data/0/name", "without the value at a JSON pointer"],
	["firstPage=1", "the first so many items of the list, and a nextCursor"],
	["contentType=text/html", "another content type"],
	['headers={"x-a":"1"}', "these headers"],
	["retryAfter=1", "Retry-After, in seconds or as a date"],
	["retryAfterDateIn=30s", "the same as a date, this long after the response"],
	["delay=250ms", "late: fixed, 50ms..150ms or lognormal(90ms,0.5)"],
	["slowHeaders=2s", "the head byte by byte"],
	["throttle=2s", "the body in pieces"],
	["truncate=40", "the first 40 bytes of the body"],
	["contentLength=90", "a wrong Content-Length"],
	["malformedJson", "without its last byte"],
	["invalidUtf8", "a byte FF in a string"],
	["padTo=1048576", "spaces up to this size in bytes"],
	["connection=reset", "or resetAfterRequest, close, hang, garbage, malformedChunk"],
	["operation=wallet", "only for this call, or this path"],
	["key=…", "only with this key"],
	["times=2", "so many faults at most"],
	["after=3", "not the first three requests"],
	["every=3", "every third request"],
	["flapping=2/3", "two with, three without"],
	["probability=0.05", "with this probability"],
	["rngSeed=7", "the seed of the random numbers"],
	["ttl=30s", "active for this time only"],
];

const SCOPE_AND_SCHEDULE =
	/(^|\s+)(operation|partner|key|times|after|every|flapping|probability|rngSeed|ttl)=("(\\.|[^"\\])*"|\S+)/g;

/** What is wrong, of a rule's text, without when and for whom. */
const kindOf = (text) => text.replace(SCOPE_AND_SCHEDULE, "").trim();

/** The rules of one partner, or those for all. */
export function faultsView(id) {
	const base = id ? `partners/${encodeURIComponent(id)}/faults` : "faults";
	const stop = new AbortController();
	let mine = [];

	const when = choice("When", WHEN);
	const what = choice("For", [["", "every call"]]);
	const switches = h("div", { class: "switches" });
	const list = h("ul", { class: "rows", "aria-label": "Active rules" });
	const nothing = h("div");
	const others = h("p", { class: "note", hidden: true });
	const clear = h("button", { type: "button", class: "small", onclick: removeAll }, "Remove all …");

	async function load() {
		const [{ data }, shared] = await Promise.all([
			get(base, { signal: stop.signal }),
			id && get("faults", { signal: stop.signal }),
		]);
		mine = data.filter((rule) => rule.partner === (id ?? null));
		const shares = shared ? shared.data.filter((rule) => rule.partner === null).length : 0;
		keep(list, mine, (rule) => rule.id, row, update);
		list.hidden = clear.hidden = mine.length === 0;
		if (mine.length > 0) nothing.replaceChildren();
		else if (!nothing.firstChild)
			nothing.replaceChildren(
				empty(
					"No active rules.",
					h("p", {}, "Turn a fault on below, or write a rule. It is active from the next request on."),
				),
			);
		others.hidden = shares === 0;
		if (shares > 0)
			others.replaceChildren(
				`${count(shares, "more rule is", "more rules are")} for all partners, this one included: `,
				h("a", { href: "#/faults" }, "see them"),
				".",
			);
		flip();
	}

	function flip() {
		for (const one of switches.querySelectorAll("[role=switch]")) {
			one.setAttribute(
				"aria-checked",
				String(one.dataset.rule === undefined ? partner(id)?.active === false : matching(one.dataset.rule).length > 0),
			);
		}
	}

	const matching = (rule) => mine.filter((other) => kindOf(other.text) === kindOf(rule));

	function fill(operations) {
		what.input.replaceChildren(
			...[["", "every call"], ...operations].map(([value, label]) => h("option", { value }, label)),
		);
	}

	async function toggle(rule) {
		const on = matching(rule);
		if (on.length > 0) await Promise.all(on.map(drop));
		else {
			const scope = rule.includes(" operation=") ? "" : what.input.value;
			await send("POST", base, [rule, scope, when.input.value].filter(Boolean).join(" "));
		}
		await Promise.all([load(), refresh()]);
	}

	async function deactivate() {
		await send("PATCH", `partners/${encodeURIComponent(id)}`, { active: partner(id)?.active === false });
		await refresh();
	}

	const drop = (rule) => send("DELETE", `faults/${encodeURIComponent(rule.id)}`);

	function removeAll() {
		confirm(
			"Remove all rules?",
			`${count(mine.length, "rule")} ${id ? "of this partner" : "for all partners"} will do nothing any more.`,
			"Remove all",
			async () => {
				await Promise.all(mine.map(drop));
				await Promise.all([load(), refresh()]);
			},
		);
	}

	function row(rule) {
		const remove = button(
			"Remove",
			async () => {
				await drop(rule);
				await Promise.all([load(), refresh()]);
			},
			{ class: "small", "aria-label": `Remove ${rule.text}` },
		);
		return h("li", {}, h("code", { class: "grow" }, shown(rule.text)), h("span", { class: "quiet" }), remove);
	}

	function update(row, rule) {
		say(row.children[1], rule.hits === 0 ? "no requests yet" : `applied to ${count(rule.hits, "request")}`);
	}

	async function add(form) {
		await send("POST", base, textOf(form, "rule"));
		form.reset();
		announce("The rule is active.");
		await Promise.all([load(), refresh()]);
	}

	for (const [title, faults] of READY) {
		switches.append(
			group(
				title,
				faults.map(([name, rule, text]) => switchOf(name, rule, text, () => toggle(rule), rule)),
			),
		);
	}
	if (id) {
		switches.append(
			group("Keys", [
				switchOf(
					"401 for every key",
					"the partner is inactive",
					"What a switched-off partner gets: invalid_token.",
					deactivate,
				),
			]),
		);
	}

	operationsOf().then(fill, () => {});
	repeat(load, EVERY, stop.signal);
	const input = field("rule", "Rule", {
		placeholder: "status=503 operation=wallet times=2",
		class: "code",
		autocapitalize: "off",
	});
	const root = h(
		"section",
		{ "aria-label": "Faults" },
		h("div", { class: "card" }, h("div", { class: "title" }, h("h2", {}, "Active rules"), clear), others, nothing, list),
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "Ready-made"),
			h("div", { class: "toolbar" }, what.label, what.input, when.label, when.input),
			switches,
		),
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "Any other"),
			form([input], "Add the rule", add),
			vocabulary(input.querySelector("input")),
		),
	);
	return { root, update: flip, stop: () => stop.abort() };
}

let choices = 0;

function choice(label, options) {
	const id = `choice-${(choices += 1)}`;
	return {
		label: h("label", { for: id }, label),
		input: h(
			"select",
			{ id },
			options.map(([value, text]) => h("option", { value }, text)),
		),
	};
}

const group = (title, children) =>
	h("div", { class: "group", role: "group", "aria-label": title }, h("h3", {}, title), ...children);

function switchOf(name, rule, text, work, data) {
	return button(
		[
			h("span", { class: "knob", "aria-hidden": "true" }),
			h("span", {}, h("b", {}, name), h("small", {}, text), h("code", {}, rule)),
		],
		work,
		{ class: "switch", role: "switch", "aria-checked": "false", "aria-label": `${name}: ${text}`, "data-rule": data },
	);
}

/** The calls of the contract, by the name that a rule has for them. */
async function operationsOf() {
	const contract = await get("openapi/partner-api.json");
	return Object.keys(contract.paths).map((path) => [`operation=${path.slice(1)}`, path.slice(1)]);
}

/** Every option of a rule. A click inserts it into the field. */
function vocabulary(input) {
	const add = (option) => {
		input.value = `${input.value.trim()} ${option}`.trim();
		input.focus();
	};
	const options = OPTIONS.map(([option, text]) =>
		h(
			"li",
			{},
			h("button", { type: "button", class: "word", onclick: () => add(option) }, h("code", {}, option)),
			h("span", {}, text),
		),
	);
	return h(
		"details",
		{ class: "fold" },
		h("summary", {}, "All options of a rule"),
		h(
			"p",
			{ class: "quiet" },
			"Separate options with spaces; quote values that contain spaces. Click an option to insert it.",
		),
		h("ul", { class: "words" }, options),
	);
}
