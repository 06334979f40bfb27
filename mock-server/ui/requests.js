// The received requests, as they arrive: the newest first, each opens to its request and response.
import { get, presence, Refused, send } from "./api.js";
import {
	button,
	clockTime,
	confirm,
	copyButton,
	count,
	empty,
	h,
	keep,
	number,
	plain,
	readable,
	say,
	shown,
} from "./dom.js";
import { isUnsafe, printed, quoted } from "./shell.js";
import { partner, pause, refresh, state } from "./state.js";

/** How many the page holds; the mock keeps more. */
const HELD = 1000;
/** How many are added to the page at a time. */
const DRAWN = 200;
/** How many characters of a path fit in a row. */
const IN_A_ROW = 300;
/** How many seconds one poll waits for the next request. */
const WITHIN = 25;
const BETWEEN_POLLS = 250;
const BETWEEN_ANNOUNCEMENTS = 10_000;

const KINDS = {
	all: ["All", () => true],
	good: ["2xx", (one) => one.status < 300],
	client: ["4xx", (one) => one.status >= 400 && one.status < 500],
	server: ["5xx", (one) => one.status >= 500],
	fault: ["With a fault", (one) => one.fault !== null],
};

/** The journal of one partner, or of all. */
export function requestsView(id) {
	const base = id ? `partners/${encodeURIComponent(id)}/requests` : "requests";
	const stop = new AbortController();
	let held = [];
	let drawn = DRAWN;
	let evicted = 0;
	let since = state.info.startedAt;
	let isLive = true;
	let isLoaded = false;
	let isBehind = false;
	let poll = new AbortController();

	const filter = h("input", {
		type: "search",
		id: "filter",
		placeholder: "Path, header, body, rule …",
		autocomplete: "off",
		spellcheck: "false",
	});
	const kind = h(
		"select",
		{ id: "kind" },
		Object.entries(KINDS).map(([value, [label]]) => h("option", { value }, label)),
	);
	const live = button("Pause", toggle, { "aria-describedby": "live" });
	const liveNote = h("span", { id: "live", class: "live" }, "Live");
	const list = h("ol", { class: "requests", "aria-label": "Requests, newest first" });
	const nothing = h("div");
	const foot = h("div", { class: "foot" });
	const heard = h("p", { class: "unseen", role: "status" });
	const toolbar = h(
		"div",
		{ class: "toolbar" },
		h("div", { class: "grow" }, h("label", { for: "filter", class: "unseen" }, "Filter"), filter),
		h("label", { for: "kind", class: "unseen" }, "Kind"),
		kind,
		liveNote,
		live,
		h("button", { type: "button", onclick: clear }, "Clear …"),
	);
	filter.addEventListener("input", draw);
	kind.addEventListener("change", draw);

	function clear() {
		const whose = id ? `of ${plain(partner(id)?.name ?? id)}` : "of all partners";
		confirm(
			"Clear the requests?",
			`The journal ${whose} is emptied, for everybody who uses this mock.`,
			"Clear",
			async () => {
				await send("DELETE", base);
				reset();
				await refresh();
			},
		);
	}

	function toggle() {
		isLive = !isLive;
		poll.abort();
		say(live, isLive ? "Pause" : "Go on");
		say(liveNote, isLive ? "Live" : "Paused");
		liveNote.classList.toggle("paused", !isLive);
	}

	function reset() {
		held = [];
		isLoaded = false;
		poll.abort();
		draw();
	}

	async function follow() {
		while (!stop.signal.aborted) {
			if (!isLive || document.hidden || !presence.isThere) {
				await pause(BETWEEN_POLLS, stop.signal);
				continue;
			}
			poll = new AbortController();
			try {
				await next(AbortSignal.any([stop.signal, poll.signal]));
			} catch (error) {
				if (error instanceof Refused)
					nothing.replaceChildren(empty("The requests cannot be shown.", h("p", {}, shown(error.message))));
			}
			await pause(BETWEEN_POLLS, stop.signal);
		}
	}

	async function next(signal) {
		// At first the newest that are kept; then later ones, as they arrive. If there are more than the page holds, it
		// does not run after them: it starts again with the newest.
		const isFirst = !isLoaded;
		const follows = isLoaded && !isBehind;
		const wait = follows ? `&within=${WITHIN}s&after=${encodeURIComponent(held[0]?.id ?? "req-0")}` : "";
		const page = await get(`${base}?limit=${HELD}${wait}`, { signal, timeout: (WITHIN + 15) * 1000 });
		if (signal.aborted) return;
		isLoaded = true;
		isBehind = follows && page.data.length === HELD;
		evicted = page.evicted.byEntryLimit + page.evicted.byByteLimit;
		held = [...page.data.reverse(), ...(follows ? held : [])].slice(0, HELD);
		if (page.data.length > 0 || isFirst) draw();
		if (!isFirst) hear(page.data.length);
	}

	let unheard = 0;
	let lastHeard = 0;

	// Once in a while only: a busy mock would never let a reader finish.
	function hear(more) {
		unheard += more;
		if (unheard === 0 || Date.now() - lastHeard < BETWEEN_ANNOUNCEMENTS) return;
		heard.textContent = `${count(unheard, "new request")}, the newest: ${summary(held[0])}`;
		[unheard, lastHeard] = [0, Date.now()];
	}

	function draw() {
		const [, isKind] = KINDS[kind.value];
		const wanted = filter.value.trim().toLowerCase();
		const found = held.filter((one) => isKind(one) && (wanted === "" || haystack(one).includes(wanted)));
		keep(
			list,
			found.slice(0, drawn),
			(one) => one.id,
			(one) => row(one, !id),
		);
		list.hidden = found.length === 0;
		if (found.length > 0 || !isLoaded) nothing.replaceChildren();
		else nothing.replaceChildren(held.length > 0 ? noMatch() : none(id));
		const more =
			found.length > drawn &&
			button(`Show ${number(Math.min(DRAWN, found.length - drawn))} more`, () => ((drawn += DRAWN), draw()));
		const kept = [
			found.length > 0 && `${number(Math.min(drawn, found.length))} of ${count(found.length, "request")}.`,
			held.length === HELD && `The page holds the newest ${number(HELD)}; the mock keeps more.`,
			evicted > 0 && `The journal has evicted ${number(evicted)} older requests to stay within its limits.`,
		].filter(Boolean);
		foot.replaceChildren(h("p", {}, kept.join(" ")), ...(more ? [more] : []));
	}

	function noMatch() {
		const forget = () => {
			filter.value = "";
			kind.value = "all";
			draw();
			filter.focus();
		};
		return empty(
			"No request matches.",
			h("p", {}, `${count(held.length, "request")} received.`),
			button("Show all", forget),
		);
	}

	// The journal may be emptied elsewhere, or the mock started again, where it counts from one.
	async function update() {
		if (!isLoaded || held.length === 0) return;
		const { startedAt } = state.info;
		const kept = id ? partner(id)?.requests : state.info.requests;
		if (startedAt === since && kept >= held.length) return;
		const isOther = startedAt !== since;
		since = startedAt;
		if (isOther || !(await isKept(held.at(-1)))) reset();
	}

	follow();
	return {
		root: h("section", { "aria-label": "Requests" }, toolbar, heard, nothing, list, foot),
		update,
		stop: () => stop.abort(),
	};
}

async function isKept(one) {
	try {
		await get(`requests/${encodeURIComponent(one.id)}`);
		return true;
	} catch (error) {
		return error.status !== 404;
	}
}

function none(id) {
	const url = `${location.origin}/api/v1/wallet`;
	const where = id ? `#/partners/${encodeURIComponent(id)}/keys` : "#/reference";
	return empty(
		"No request yet.",
		h(
			"p",
			{},
			"Point your client at ",
			h("code", {}, `${location.origin}/api/v1`),
			", or try it by hand. Each request appears here before its response is sent.",
		),
		h("pre", { tabindex: "0" }, h("code", {}, `curl ${url} -H "Authorization: Bearer $PARTNER_API_KEY"`)),
		h("p", {}, h("a", { href: where }, id ? "Issue a key" : "Try a call in the reference")),
	);
}

const target = (one) => one.path + (one.query === null ? "" : `?${one.query}`);

const summary = (one) => plain(`${one.method} ${target(one)}, ${one.status}`);

function haystack(one) {
	const headers = one.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
	return [one.id, one.method, target(one), one.status, one.disposition, one.partnerName, one.fault?.rule, headers, one.body]
		.join("\n")
		.toLowerCase();
}

const tone = (status) => (status < 300 ? "good" : status < 400 ? "neutral" : status < 500 ? "warn" : "bad");

/** With a fault of the connection no response was sent, whatever its status would have been. */
function statusOf(one) {
	if (/(^| )connection=(?!malformedChunk)/.test(one.fault?.rule ?? "")) {
		return h("span", { class: "badge bad", title: `No response was sent. It would have been ${one.status}.` }, "none");
	}
	return h("span", { class: `badge ${tone(one.status)}` }, one.status);
}

function row(one, withPartner) {
	const details = h(
		"details",
		{},
		h(
			"summary",
			{ class: withPartner ? "with-partner" : undefined },
			h("time", { datetime: one.at, title: one.at }, clockTime(one.at)),
			h("span", { class: "method" }, shown(one.method)),
			h("span", { class: "path", title: plain(target(one)) }, shown(target(one), { most: IN_A_ROW })),
			statusOf(one),
			h(
				"span",
				{ class: "disposition" },
				one.fault ? h("span", { class: "tag" }, "fault") : null,
				h("span", { class: "text" }, shown(one.fault ? one.fault.rule : one.disposition)),
			),
			withPartner && h("span", { class: "whose" }, one.partnerName === null ? "no partner" : shown(one.partnerName)),
			h("span", { class: "duration" }, milliseconds(one.durationMs)),
		),
	);
	const inside = h("div", { class: "inside" });
	details.append(inside);
	details.addEventListener("toggle", () => {
		if (details.open && !inside.firstChild) open(one, inside);
	});
	return h("li", {}, details);
}

/** The recorded response is loaded when the row opens. */
async function open(one, inside) {
	inside.replaceChildren(h("p", { class: "quiet" }, "Loading …"));
	try {
		inside.replaceChildren(...both(await get(`requests/${encodeURIComponent(one.id)}`)));
	} catch (error) {
		const note =
			error.status === 404 ? "The journal has evicted it since; this is what the page still holds." : error.message;
		inside.replaceChildren(h("p", { class: "note" }, shown(note)), ...both(one));
	}
}

function both(one) {
	const facts = [
		["Id", h("code", {}, shown(one.id))],
		["Came", h("time", { datetime: one.at }, shown(one.at))],
		["Duration", milliseconds(one.durationMs)],
		...(one.delayMs > 0 ? [["Delay", `${milliseconds(one.delayMs)}, by the fault`]] : []),
		[
			"Partner",
			one.partner === null
				? "none: no known key came with it"
				: h(
						"a",
						{ href: `#/partners/${encodeURIComponent(one.partner)}/requests` },
						shown(one.partnerName ?? one.partner),
					),
		],
		["Disposition", shown(one.disposition)],
		...faultFacts(one.fault),
	];
	return [
		h(
			"dl",
			{ class: "facts" },
			facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
		),
		h(
			"div",
			{ class: "both" },
			h(
				"div",
				{},
				half(
					"Request",
					copyButton(() => curl(one), "Copy as curl"),
				),
				requestOf(one),
			),
			h("div", {}, half("Response"), responseOf(one)),
		),
	];
}

const milliseconds = (number) => `${number} ms`;

const half = (title, ...more) => h("h2", { class: "half" }, title, ...more);

const requestOf = (one) => [
	h("p", { class: "line" }, h("b", {}, shown(one.method)), " ", shown(target(one))),
	headers(one.headers),
	body(one.body),
];

function faultFacts(fault) {
	if (fault === null) return [];
	const how = [
		`rule ${fault.ruleNumber}`,
		`request ${fault.request} of those that reached it`,
		fault.draw !== null && `drawn ${fault.draw}`,
	];
	return [["Fault", [h("code", {}, shown(fault.rule)), ` ${how.filter(Boolean).join(", ")}`]]];
}

function responseOf(one) {
	const { response } = one;
	const line = h("p", { class: "line" }, statusOf(one));
	if (!response) return [line, h("p", { class: "quiet" }, "The journal keeps no more of the response.")];
	const long = `A body of ${count(response.length, "byte")}, which is more than the journal keeps.`;
	return [line, headers(response.headers), response.body === null ? h("p", { class: "quiet" }, long) : body(response.body)];
}

const headers = (list) =>
	list.length === 0
		? h("p", { class: "quiet" }, "No headers.")
		: h(
				"dl",
				{ class: "headers" },
				list.map(([name, value]) => h("div", {}, h("dt", {}, shown(name)), h("dd", {}, shown(value)))),
			);

const body = (text) =>
	text === ""
		? h("p", { class: "quiet" }, "No body.")
		: h("pre", { class: "body", tabindex: "0" }, h("code", {}, shown(readable(text), { lines: true })));

/** Headers that curl makes itself, and those whose value the journal does not keep. */
const NOT_COPIED = new Set([
	"host",
	"content-length",
	"connection",
	"authorization",
	"proxy-authorization",
	"cookie",
	"accept-encoding",
	"transfer-encoding",
]);

/** Exported for the test, which runs the text in a shell. */
export function curl(one) {
	const had = (name) => one.headers.some(([other]) => other === name);
	const parts = [`curl -X ${quoted(one.method)} ${quoted(location.origin + target(one))}`];
	if (had("authorization")) parts.push('-H "Authorization: Bearer $PARTNER_API_KEY"');
	for (const [name, value] of one.headers) if (!NOT_COPIED.has(name)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
	if (one.body !== "" && isUnsafe(one.body)) {
		parts[0] = `${printed(one.body)} | ${parts[0]}`;
		parts.push("--data-binary @-");
	} else if (one.body !== "") {
		parts.push(`--data-raw ${quoted(one.body)}`);
	}
	return parts.join(" \\\n  ");
}
