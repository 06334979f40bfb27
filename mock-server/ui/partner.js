// One partner: actions on it as a whole. Its keys, wallet, companies and faults have separate views.
import { send, typedNumber } from "./api.js";
import { announce, button, confirm, count, dialog, h, plain, say, shown } from "./dom.js";
import { field, form, textOf } from "./form.js";
import { remember, shownOnce } from "./keys.js";
import { partner, refresh } from "./state.js";

/** The head of a partner's pages. */
export function partnerHead(id) {
	const path = `partners/${encodeURIComponent(id)}`;
	const name = h("h1", { tabindex: "-1" });
	const badge = h("span", { class: "badge" });
	const facts = h("p", { class: "quiet" });
	const toggle = button("Deactivate", async () => {
		await send("PATCH", path, { active: !partner(id).active });
		await refresh();
	});

	function rename() {
		dialog("Rename the partner", (close) =>
			form(
				[
					field("name", "Name", {
						value: partner(id).name,
						hint: "For the journal and this page; the service has no such field.",
					}),
				],
				"Rename",
				async (form) => {
					await send("PATCH", path, { name: textOf(form, "name") });
					await refresh();
					close();
				},
				{ close },
			),
		);
	}

	function remove() {
		const { name, companies, requests } = partner(id);
		const text = `${plain(name)} goes, with its keys, ${count(companies, "company", "companies")}, faults and ${count(requests, "request")}.`;
		confirm("Delete the partner?", text, "Delete", async () => {
			await send("DELETE", path);
			location.hash = "#/requests";
			await refresh();
			announce("The partner is deleted.");
		});
	}

	function update() {
		const one = partner(id);
		if (!one) return;
		if (name.dataset.shown !== one.name) name.replaceChildren(shown(one.name));
		name.dataset.shown = one.name;
		badge.className = `badge ${one.active ? "good" : "warn"}`;
		say(badge, one.active ? "active" : "inactive: 401");
		say(toggle, one.active ? "Deactivate" : "Activate");
		say(
			facts,
			`${plain(one.id)}, ${count(one.companies, "company", "companies")} with ${count(one.connections, "connection")}`,
		);
	}

	update();
	const actions = h(
		"div",
		{ class: "toolbar end" },
		toggle,
		h("button", { type: "button", onclick: rename }, "Rename …"),
		h("button", { type: "button", onclick: remove }, "Delete …"),
	);
	return {
		root: h(
			"header",
			{ class: "head" },
			h("div", { class: "grow" }, h("div", { class: "title" }, name, badge), facts),
			actions,
		),
		update,
	};
}

/** Makes a partner, and shows its key. */
export function newPartner() {
	dialog("New partner", (close) => {
		const fields = [
			field("name", "Name", { autofocus: true, hint: "For the journal and this page." }),
			field("wallet.balance", "Balance", { value: "8450", inputmode: "numeric", hint: "Credits in its wallet." }),
			field("generate.companies", "Companies to generate", { value: "0", inputmode: "numeric" }),
		];
		const made = form(
			fields,
			"Create",
			async (form) => {
				const number = (name) => typedNumber(textOf(form, name));
				const body = { name: textOf(form, "name"), wallet: { balance: number("wallet.balance") } };
				if (textOf(form, "generate.companies").trim() !== "0")
					body.generate = { companies: number("generate.companies"), rngSeed: 1 };
				const { id, key } = await send("POST", "partners", body);
				remember(id, { id: undefined, key });
				await refresh();
				const done = h("button", { type: "button", class: "primary" }, "Done");
				done.addEventListener("click", () => {
					close();
					location.hash = `#/partners/${encodeURIComponent(id)}/requests`;
				});
				form.replaceWith(
					h("h3", {}, "The key of ", shown(textOf(form, "name"))),
					...shownOnce(key),
					h("div", { class: "actions" }, done),
				);
				done.focus();
			},
			{ close },
		);
		return made;
	});
}
