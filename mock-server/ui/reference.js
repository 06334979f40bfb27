// The API's reference, made from the contract that the mock serves: what is documented, what is assumed, a line for a
// shell, and a button that makes the call.
import { get, hasToken } from "./api.js";
import { button, command, copyButton, count, empty, h, plain, readable, shown } from "./dom.js";
import { issueKey } from "./keys.js";
import { refresh, state } from "./state.js";

const METHODS = ["get", "put", "post", "delete", "patch"];
const TRY_FOR = 30_000;

export function referenceView() {
	const root = h("section", { "aria-label": "API reference" });
	const stop = new AbortController();
	const keys = keyChooser();
	const load = async () => {
		try {
			root.replaceChildren(...page(await get("openapi/partner-api.json", { signal: stop.signal }), keys, stop.signal));
		} catch (error) {
			if (!stop.signal.aborted)
				root.replaceChildren(
					empty("The contract cannot be shown.", h("p", {}, shown(error.message)), button("Try again", load)),
				);
		}
	};
	load();
	return { root, update: keys.update, stop: () => stop.abort() };
}

/** A link cannot send the token, so with a token the file is named only. */
export const fileLink = (label, path) => (hasToken() ? h("code", {}, `/_mock/${path}`) : h("a", { href: path }, label));

function page(contract, keys, signal) {
	const base = new URL(contract.servers[0].url.replace(/\{[^}]*\}/g, "x")).pathname;
	const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
		METHODS.filter((method) => item[method]).map((method) => ({
			method: method.toUpperCase(),
			path: base + path,
			...item[method],
		})),
	);
	return [
		h("p", { class: "lead" }, shown(contract.info.description)),
		h(
			"p",
			{ class: "quiet" },
			"From the contract that this mock keeps. ",
			h("mark", { class: "documented" }, "Documented"),
			" is what the published reference says; ",
			h("mark", { class: "assumed" }, "assumed"),
			" is what it leaves open, and this mock had to decide. As a file: ",
			fileLink("YAML", "openapi/partner-api.yaml"),
			", ",
			fileLink("JSON", "openapi/partner-api.json"),
			".",
		),
		h("div", { class: "card" }, h("h2", {}, "Key to try with"), keys.root),
		...operations.map((one) => operation(contract, one, keys, signal)),
		silence(contract),
	];
}

function operation(contract, one, keys, signal) {
	const url = location.origin + one.path;
	const line = h("div");
	const drawLine = () => {
		const key = keys.chosen();
		const text = (key) => `curl ${url} -H "Authorization: Bearer ${key}"`;
		line.replaceChildren(
			command(text(key ? masked(key) : "$PARTNER_API_KEY"), { copied: text(key ?? "$PARTNER_API_KEY") }),
		);
	};
	keys.onChange(drawLine);
	drawLine();
	const heading = h(
		"h2",
		{ class: "operation" },
		h("span", { class: "method" }, one.method),
		" ",
		h("code", {}, shown(one.path)),
	);
	return h(
		"article",
		{ class: "card", "aria-label": plain(one.summary ?? one.path) },
		heading,
		h("p", {}, shown(one.description ?? one.summary ?? "")),
		quotes(one["x-documented"]),
		line,
		trial(one, url, keys, signal),
		...Object.entries(one.responses).map(([status, response]) =>
			responseOf(contract, status, resolved(contract, response)),
		),
	);
}

/** The button that makes the call, and its result. */
function trial(one, url, keys, signal) {
	const result = h("div", { class: "result", role: "status" });
	const start = button(
		`Try ${one.method} ${one.path.split("/").pop()}`,
		async () => {
			const key = keys.chosen();
			if (!key) return result.replaceChildren(h("p", { class: "wrong" }, "Choose or issue a key first, above."));
			const giveUp = new AbortController();
			const cancel = h("button", { type: "button", class: "small", onclick: () => giveUp.abort() }, "Give up");
			result.replaceChildren(h("p", { class: "quiet" }, "Waiting for the response … ", cancel));
			const began = performance.now();
			try {
				const response = await fetch(url, {
					method: one.method,
					headers: { authorization: `Bearer ${key}` },
					cache: "no-store",
					signal: AbortSignal.any([signal, giveUp.signal, AbortSignal.timeout(TRY_FOR)]),
				});
				const body = await response.text();
				result.replaceChildren(...outcome(response, body, performance.now() - began));
			} catch (error) {
				const why = giveUp.signal.aborted
					? "Given up."
					: `No complete response: ${error.message}. A fault may be active; the request is in the journal.`;
				result.replaceChildren(h("p", { class: "wrong" }, shown(why)));
			}
		},
		{ class: "primary" },
	);
	return h("div", {}, start, result);
}

function outcome(response, body, took) {
	const tone = response.ok ? "good" : response.status < 500 ? "warn" : "bad";
	return [
		h(
			"p",
			{ class: "line" },
			h("span", { class: `badge ${tone}` }, `${response.status} ${plain(response.statusText)}`),
			` ${Math.round(took)} ms, `,
			count(body.length, "character"),
		),
		h(
			"dl",
			{ class: "headers" },
			[...response.headers].map(([name, value]) => h("div", {}, h("dt", {}, shown(name)), h("dd", {}, shown(value)))),
		),
		h("pre", { class: "body", tabindex: "0" }, h("code", {}, shown(readable(body), { lines: true }))),
	];
}

/** Which key calls are tried with: one that was shown on this page, one that is pasted, or a new one. */
function keyChooser() {
	const listeners = [];
	const select = h("select", { id: "try-key" });
	const pasted = h("input", { id: "try-pasted", type: "password", autocomplete: "off", placeholder: "or paste one" });
	const owner = h("select", { id: "try-partner" });
	const wrong = h("p", { class: "wrong", role: "alert" });
	const issue = button("Issue a key to try", async () => {
		wrong.replaceChildren();
		try {
			const { key } = await issueKey(owner.value);
			await refresh();
			pasted.value = "";
			select.value = key;
			changed();
		} catch (error) {
			wrong.replaceChildren(shown(error.message));
		}
	});
	const chosen = () => pasted.value.trim() || select.value || undefined;
	const changed = () => listeners.forEach((listener) => listener());
	select.addEventListener("change", changed);
	pasted.addEventListener("input", changed);

	function update() {
		options(
			select,
			state.keys.map((one) => [one.key, `${masked(one.key)} of ${nameOf(one.partner)}`]),
			"none known to this page",
		);
		options(
			owner,
			state.partners.map((one) => [one.id, plain(one.name)]),
			"no partner",
		);
		issue.disabled = state.partners.length === 0;
	}

	update();
	const root = h(
		"div",
		{},
		h(
			"form",
			{ class: "toolbar", onsubmit: (event) => event.preventDefault() },
			h("label", { for: "try-key" }, "Key"),
			select,
			h("label", { for: "try-pasted", class: "unseen" }, "Pasted key"),
			pasted,
			h("label", { for: "try-partner" }, "New one for"),
			owner,
			issue,
		),
		wrong,
		h("p", { class: "quiet" }, "A key that is issued or pasted here is kept by this page only, until it is closed."),
	);
	return { root, chosen, update, onChange: (listener) => listeners.push(listener) };
}

function options(select, list, none) {
	const chosen = select.value;
	const all = list.length > 0 ? list : [["", none]];
	const isSame = ([value, label], at) =>
		select.options[at]?.value === value && select.options[at].textContent === label;
	if (all.length === select.options.length && all.every(isSame)) return;
	select.replaceChildren(...all.map(([value, label]) => h("option", { value }, label)));
	if (all.some(([value]) => value === chosen)) select.value = chosen;
}

const nameOf = (id) => plain(state.partners.find((one) => one.id === id)?.name ?? id);

const masked = (key) => `${key.slice(0, 8)}…${key.slice(-4)}`;

function responseOf(contract, status, response) {
	const content = response.content?.["application/json"] ?? {};
	const schema = resolved(contract, content.schema ?? {});
	const samples = Object.entries(content.examples ?? {}).map(([, example]) =>
		h(
			"figure",
			{},
			h(
				"figcaption",
				{},
				shown(example.summary ?? "Sample"),
				copyButton(() => pretty(example.value), "Copy", "Copy the sample"),
			),
			h("pre", { tabindex: "0" }, h("code", {}, shown(pretty(example.value), { lines: true }))),
		),
	);
	return h(
		"details",
		{ class: "fold", open: status === "200" },
		h(
			"summary",
			{},
			h("span", { class: `badge ${status < 300 ? "good" : "warn"}` }, status),
			" ",
			shown(response.description ?? ""),
		),
		quotes(response["x-documented"]),
		h(
			"div",
			{ class: "columns" },
			h("div", {}, samples),
			h("div", {}, h("h3", {}, "Fields"), fields(contract, schema, JSON.stringify(content.examples ?? {}))),
		),
	);
}

const pretty = (value) => JSON.stringify(value, null, 2);

/** Each field by its path, with what is documented of it and what is assumed. */
function fields(contract, schema, samples) {
	const rows = [];
	walk(contract, schema, "", (path, of) => {
		const isSampled = samples.includes(`"${path.split(".").pop()}":`);
		const title = h(
			"dt",
			{},
			h("code", {}, shown(path || "the body")),
			" ",
			h("span", { class: "quiet" }, typeOf(of)),
			isSampled && " ",
			isSampled && h("mark", { class: "documented" }, "in the sample"),
		);
		rows.push(h("div", {}, title, h("dd", {}, notes(of))));
	});
	return h("dl", { class: "fields" }, rows);
}

function walk(contract, schema, path, visit) {
	const here = resolved(contract, schema);
	visit(path, here);
	for (const [name, of] of Object.entries(here.properties ?? {}))
		walk(contract, of, path ? `${path}.${name}` : name, visit);
	if (here.items) walk(contract, here.items, `${path}[]`, visit);
}

const typeOf = (schema) => [schema.type, schema.format].filter(Boolean).join(", ");

function notes(schema) {
	const words = Object.entries(schema["x-known-values"] ?? {});
	return [
		schema.description && h("p", {}, shown(schema.description)),
		quotes(schema["x-documented"]),
		words.length > 0 &&
			h(
				"p",
				{},
				"Known: ",
				words.flatMap(([word, source]) => [h("code", {}, shown(word)), ` (${plain(source)}) `]),
			),
		...Object.entries(schema["x-assumed"] ?? {}).map(([keyword, why]) =>
			h("p", {}, h("mark", { class: "assumed" }, "assumed"), " ", h("code", {}, shown(keyword)), " ", shown(why)),
		),
	];
}

const documented = () => h("mark", { class: "documented" }, "documented");

/** The text of the reference, without its list of calls and its headings, which the page shows by itself. */
function quotes(words) {
	const telling = [words ?? []].flat().filter((text) => !/^([A-Z]+\/|Response \d+$)/.test(text));
	return (
		telling.length > 0 &&
		h(
			"p",
			{ class: "quotes" },
			documented(),
			" ",
			telling.map((text) => h("q", {}, shown(text))),
		)
	);
}

function silence(contract) {
	const list = contract.info["x-silent"];
	return (
		list &&
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "Where the reference is silent"),
			h(
				"ul",
				{},
				list.map((text) => h("li", {}, shown(text))),
			),
		)
	);
}

function resolved(contract, part) {
	if (!part.$ref) return part;
	const names = part.$ref
		.replace(/^#\//, "")
		.split("/")
		.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
	return resolved(
		contract,
		names.reduce((node, name) => node[name], contract),
	);
}
