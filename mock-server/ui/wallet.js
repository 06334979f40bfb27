// A partner's wallet: what a client gets, and a form to change it.
import { get, send, typedNumber } from "./api.js";
import { announce, h, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { refresh, repeat } from "./state.js";

const EVERY = 3000;

export function walletView(id) {
	const path = `partners/${encodeURIComponent(id)}/wallet`;
	const stop = new AbortController();
	let served;

	const fields = [
		field("balance", "Balance", { inputmode: "numeric", hint: "Credits left. It may be below zero." }),
		field("currency", "Currency", { hint: "Of the price, such as XAF. Any text is served." }),
		field("creditUnitPrice", "Credit unit price", {
			inputmode: "decimal",
			hint: "A decimal number; its zeros are kept: 25.0000.",
		}),
		field("costPerMessage", "Cost per message", { inputmode: "numeric", hint: "In credits." }),
	];
	const edited = form([h("div", { class: "grid" }, fields)], "Save", save);
	const changed = h(
		"div",
		{ class: "note", hidden: true, role: "status" },
		"The wallet has changed since: ",
		h("button", { type: "button", class: "link", onclick: () => fill(served) }, "show what is served"),
		".",
	);
	const preview = h("code");

	async function save(form) {
		const text = (name) => textOf(form, name);
		const wallet = {
			balance: typedNumber(text("balance")),
			currency: text("currency"),
			creditUnitPrice: text("creditUnitPrice").trim(),
			costPerMessage: typedNumber(text("costPerMessage")),
		};
		fill(await send("PUT", path, wallet));
		announce("The wallet is saved.");
		await refresh();
	}

	function fill(wallet) {
		for (const [name, value] of Object.entries(texts(wallet))) {
			const input = edited.elements.namedItem(name);
			if (input) input.value = value;
		}
		show(wallet);
	}

	function show(wallet) {
		const isTouched = served && fields.some((one) => inputOf(one).value !== texts(served)[inputOf(one).name]);
		const isNew = !served || JSON.stringify(texts(served)) !== JSON.stringify(texts(wallet));
		served = wallet;
		if (isNew && !isTouched) fill(wallet);
		const differs = fields.some((one) => inputOf(one).value !== texts(wallet)[inputOf(one).name]);
		if (isNew) changed.hidden = !(isTouched && differs);
		else if (!differs) changed.hidden = true;
		preview.replaceChildren(shown(asServed(wallet), { lines: true }));
	}

	repeat(async () => show(await get(path, { signal: stop.signal })), EVERY, stop.signal);
	const root = h(
		"section",
		{ class: "columns", "aria-label": "Wallet" },
		h("div", { class: "card" }, h("h2", {}, "Edit"), changed, edited),
		h(
			"div",
			{ class: "card" },
			h("h2", {}, "What a client gets"),
			h("p", { class: "line" }, h("b", {}, "GET"), " /api/v1/wallet"),
			h("pre", { tabindex: "0" }, preview),
		),
	);
	return { root, stop: () => stop.abort() };
}

const inputOf = (field) => field.querySelector("input");

const texts = (wallet) => Object.fromEntries(Object.entries(wallet).map(([name, value]) => [name, String(value)]));

function asServed(wallet) {
	const lines = Object.entries(wallet).map(
		([name, value]) => `  ${JSON.stringify(name)}: ${typeof value === "string" ? JSON.stringify(value) : value}`,
	);
	return `{\n${lines.join(",\n")}\n}`;
}
