// A partner's companies: found, added, edited, removed, made by the thousand.
import { get, send, typedNumber } from "./api.js";
import { companyDialog } from "./company.js";
import { announce, button, confirm, count, dialog, empty, h, keep, number, plain, say, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { partner, refresh } from "./state.js";

const ON_A_PAGE = 50;
/** Up to this number, the list is loaded again automatically when the number of companies in the mock changes. */
const SMALL = 5000;

export function companiesView(id) {
	const path = `partners/${encodeURIComponent(id)}/companies`;
	const stop = new AbortController();
	let all = [];
	let page = 0;
	let isLoading = false;
	let serial = 0;

	const search = h("input", {
		type: "search",
		id: "search",
		placeholder: "Name or id",
		autocomplete: "off",
		spellcheck: "false",
	});
	const rows = h("tbody");
	const head = ["Name", "Id", "Onboarded", "Connections", "Templates"].map((name) => h("th", { scope: "col" }, name));
	const table = h(
		"table",
		{},
		h("caption", { class: "unseen" }, "Companies"),
		h("thead", {}, h("tr", {}, head, h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
		rows,
	);
	const nothing = h("div");
	const stale = h(
		"p",
		{ class: "note", hidden: true },
		"The list has changed since. ",
		button("Load it again", load, { class: "link" }),
	);
	const where = h("p", { role: "status" });
	const back = h("button", { type: "button", onclick: () => turn(-1) }, "Previous");
	const forth = h("button", { type: "button", onclick: () => turn(1) }, "Next");
	const foot = h("div", { class: "foot" }, where, back, forth);
	search.addEventListener("input", () => ((page = 0), draw()));

	async function load() {
		if (isLoading) return;
		isLoading = true;
		const expected = partner(id)?.companies ?? 0;
		if (all.length === 0 && expected > SMALL)
			nothing.replaceChildren(empty(`Loading ${count(expected, "company", "companies")} …`));
		try {
			const { data } = await get(path, { signal: stop.signal });
			all = data.map(line);
			stale.hidden = true;
			draw();
		} catch (error) {
			if (!stop.signal.aborted)
				nothing.replaceChildren(
					empty("The companies cannot be shown.", h("p", {}, shown(error.message)), button("Try again", load)),
				);
		} finally {
			isLoading = false;
		}
	}

	// What a line shows, and no more: of 100,000 companies the rest would be much.
	function line({ id, name, onboardedAt, connections, _count }) {
		return {
			serial: (serial += 1),
			id,
			name,
			onboardedAt,
			connections: connections.length,
			templates: _count.templates,
			found: `${name}\n${id}`.toLowerCase(),
		};
	}

	function draw() {
		const wanted = search.value.trim().toLowerCase();
		const found = wanted === "" ? all : all.filter((one) => one.found.includes(wanted));
		const last = Math.max(0, Math.ceil(found.length / ON_A_PAGE) - 1);
		page = Math.min(page, last);
		const from = page * ON_A_PAGE;
		keep(rows, found.slice(from, from + ON_A_PAGE), (one) => one.serial, row);
		table.hidden = found.length === 0;
		if (found.length > 0) nothing.replaceChildren();
		else
			nothing.replaceChildren(
				all.length > 0 ? empty("No company matches.", h("p", {}, `There are ${number(all.length)}.`)) : none(),
			);
		say(
			where,
			found.length === 0
				? ""
				: `${number(from + 1)}–${number(Math.min(from + ON_A_PAGE, found.length))} of ${count(found.length, "company", "companies")}`,
		);
		foot.hidden = found.length === 0;
		back.hidden = forth.hidden = last === 0;
		back.disabled = page === 0;
		forth.disabled = page === last;
	}

	function turn(by) {
		page += by;
		draw();
		table.scrollIntoView({ block: "nearest" });
	}

	const none = () =>
		empty(
			"No company yet.",
			h(
				"p",
				{},
				"Add one, or have some made: names, numbers and connections that look real, the same for the same RNG seed.",
			),
			button("Add a company", add),
			button("Generate …", generate),
		);

	function row(one) {
		const name = plain(one.name);
		return h(
			"tr",
			{},
			h("th", { scope: "row", "data-label": "Name" }, shown(one.name)),
			h("td", { "data-label": "Id" }, h("code", { title: plain(one.id) }, shown(one.id))),
			h("td", { "data-label": "Onboarded" }, shown(one.onboardedAt.slice(0, 10))),
			h("td", { "data-label": "Connections", class: "number" }, number(one.connections)),
			h("td", { "data-label": "Templates", class: "number" }, number(one.templates)),
			h(
				"td",
				{ class: "actions" },
				button("Edit", () => edit(one), { class: "small", "aria-label": `Edit ${name}` }),
				h(
					"button",
					{ type: "button", class: "small", onclick: () => remove(one), "aria-label": `Remove ${name}` },
					"Remove …",
				),
			),
		);
	}

	const one = (company) => `${path}/${encodeURIComponent(company.id)}`;

	async function edit(old) {
		const company = await get(one(old));
		companyDialog("Edit the company", "Save", company, async (changed) => {
			const saved = await send("PUT", one(old), changed);
			all = all.map((other) => (other === old ? line(saved) : other));
			draw();
			announce("The company is saved.");
			await refresh();
		});
	}

	function add() {
		companyDialog("Add a company", "Add", undefined, async (company) => {
			all.push(line(await send("POST", path, company)));
			page = Infinity;
			draw();
			announce("The company is added, as the last one.");
			await refresh();
		});
	}

	function remove(old) {
		confirm(
			"Remove the company?",
			`${plain(old.name)} and its ${count(old.connections, "connection")} are served no more.`,
			"Remove",
			async () => {
				await send("DELETE", one(old));
				all = all.filter((other) => other !== old);
				draw();
				await refresh();
			},
		);
	}

	function generate() {
		dialog("Generate companies", (close) =>
			form(
				[
					h(
						"p",
						{},
						all.length > 0
							? `They replace the ${count(all.length, "company", "companies")}.`
							: "Realistic, and the same for the same RNG seed.",
					),
					field("generate.companies", "How many", { value: "1000", inputmode: "numeric" }),
					field("generate.rngSeed", "RNG seed", { value: "1", inputmode: "numeric" }),
				],
				"Generate",
				async (form) => {
					const number = (name) => typedNumber(textOf(form, `generate.${name}`));
					await send("PUT", path, { generate: { companies: number("companies"), rngSeed: number("rngSeed") } });
					close();
					await refresh();
					await load();
				},
				{ close },
			),
		);
	}

	function removeAll() {
		confirm(
			"Remove all companies?",
			`${count(all.length, "company", "companies")} are served no more.`,
			"Remove all",
			async () => {
				await send("DELETE", path);
				all = [];
				draw();
				await refresh();
			},
		);
	}

	function update() {
		const kept = partner(id)?.companies;
		if (isLoading || kept === undefined || kept === all.length) return;
		if (kept <= SMALL && all.length <= SMALL) load();
		else stale.hidden = false;
	}

	load();
	const toolbar = h(
		"div",
		{ class: "toolbar" },
		h("div", { class: "grow" }, h("label", { for: "search", class: "unseen" }, "Search"), search),
		h("button", { type: "button", class: "primary", onclick: add }, "Add …"),
		h("button", { type: "button", onclick: generate }, "Generate …"),
		h("button", { type: "button", onclick: removeAll }, "Remove all …"),
	);
	return {
		root: h(
			"section",
			{ "aria-label": "Companies" },
			toolbar,
			stale,
			nothing,
			h("div", { class: "table" }, table),
			foot,
		),
		update,
		stop: () => stop.abort(),
	};
}
