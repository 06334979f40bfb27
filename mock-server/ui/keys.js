// A partner's keys: issued and shown once, taken as given, revoked.
import { get, send } from "./api.js";
import { announce, button, command, confirm, copyButton, empty, h, keep, say, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { refresh, repeat, state } from "./state.js";

const EVERY = 3000;

/** Has a key made, and remembers it for as long as the page is open. */
export async function issueKey(id) {
	const made = await send("POST", `partners/${encodeURIComponent(id)}/keys`, {});
	remember(id, made);
	return made;
}

export function remember(partner, { id, key }) {
	state.keys.push({ partner, id, key });
}

/** A key that is shown once: to be copied, and with a line that works. */
export function shownOnce(key) {
	const url = `${location.origin}/api/v1/wallet`;
	return [
		h("p", {}, "Copy it now. The mock keeps a hash, and never shows it again."),
		h(
			"div",
			{ class: "command key" },
			h("code", { tabindex: "0" }, shown(key)),
			copyButton(() => key, "Copy", "Copy the key"),
		),
		h("h3", {}, "Try it"),
		command(`curl ${url} -H "Authorization: Bearer ${key}"`),
	];
}

export function keysView(id) {
	const path = `partners/${encodeURIComponent(id)}/keys`;
	const stop = new AbortController();
	const fresh = h("div", { class: "card fresh", hidden: true, tabindex: "-1", "aria-label": "The new key" });
	const list = h("ul", { class: "rows", "aria-label": "Keys" });
	const nothing = h("div");

	async function load() {
		const { data } = await get(path, { signal: stop.signal });
		keep(list, data, (key) => key.id, row, update);
		list.hidden = data.length === 0;
		if (data.length > 0) nothing.replaceChildren();
		else if (!nothing.firstChild)
			nothing.replaceChildren(empty("No key yet.", h("p", {}, "Issue one, and give it to the client under test.")));
	}

	async function issue() {
		const { key } = await issueKey(id);
		fresh.replaceChildren(
			h(
				"div",
				{ class: "title" },
				h("h2", {}, "The new key"),
				h(
					"button",
					{ type: "button", class: "quiet", onclick: () => (fresh.hidden = true), "aria-label": "Hide the key" },
					"✕",
				),
			),
			...shownOnce(key),
		);
		fresh.hidden = false;
		fresh.focus();
		await Promise.all([load(), refresh()]);
	}

	async function take(form) {
		const key = textOf(form, "key").trim();
		remember(id, await send("POST", path, { key }).then((made) => ({ ...made, key })));
		form.reset();
		announce("The key is accepted from now on.");
		await Promise.all([load(), refresh()]);
	}

	function row(key) {
		return h(
			"li",
			{},
			h("code", {}, shown(key.id)),
			h("span", { class: "badge" }),
			h("span", { class: "grow" }),
			h(
				"button",
				{ type: "button", class: "small", onclick: () => revoke(key.id), "aria-label": `Revoke ${key.id}` },
				"Revoke …",
			),
		);
	}

	function update(row, key) {
		const [, badge, , action] = row.children;
		badge.className = `badge ${key.revoked ? "neutral" : "good"}`;
		say(badge, key.revoked ? "revoked" : "active");
		action.hidden = key.revoked;
	}

	function revoke(key) {
		confirm(
			"Revoke the key?",
			`Requests with the key ${key} get 401 invalid_token from now on. It cannot be taken back.`,
			"Revoke",
			async () => {
				await send("DELETE", `${path}/${encodeURIComponent(key)}`);
				state.keys = state.keys.filter((one) => one.id !== key);
				await Promise.all([load(), refresh()]);
			},
		);
	}

	repeat(load, EVERY, stop.signal);
	const own = form(
		[field("key", "Key", { placeholder: "pk_live_…", hint: "Letters, digits and -._~+/, as a client would send it." })],
		"Accept this key",
		take,
	);
	const root = h(
		"section",
		{ "aria-label": "Keys" },
		h(
			"div",
			{ class: "toolbar" },
			h("p", { class: "grow quiet" }, "By fingerprint: the first eight digits of a key's SHA-256."),
			button("Issue a key", issue, { class: "primary" }),
		),
		fresh,
		nothing,
		list,
		h("details", { class: "card fold" }, h("summary", {}, "Accept an existing key"), own),
	);
	return { root, stop: () => stop.abort() };
}
