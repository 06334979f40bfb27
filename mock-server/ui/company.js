// The form of one company and its connections.
import { typedNumber } from "./api.js";
import { button, dialog, h } from "./dom.js";
import { field, form, textOf } from "./form.js";

/** What a new connection has, but for its id: the reference's sample. */
const SAMPLE = {
	wabaId: "102290129340398",
	phoneNumberId: "106540352242922",
	displayPhoneNumber: "+237 6 90 00 00 00",
	qualityRating: "GREEN",
	status: "connected",
};

const LABELS = {
	id: "Id",
	wabaId: "WABA id",
	phoneNumberId: "Phone number id",
	displayPhoneNumber: "Display phone number",
	qualityRating: "Quality rating",
	status: "Status",
};

/** The words that the contract knows. Any other may be served, to see what a client does then. */
const SUGGESTED = { qualityRating: ["GREEN", "YELLOW", "RED"], status: ["connected"] };

/** Opens the form. `save(company)` sends the company; its errors are shown at their field. */
export function companyDialog(title, label, company, save) {
	const connections = h("div", { class: "connections" });
	const more = button("Add a connection", () => {
		connections.append(connectionFields({ id: randomId(), ...SAMPLE }));
		number(connections);
		connections.lastElementChild.querySelector("input").focus();
	});
	company?.connections.forEach((one) => connections.append(connectionFields(one)));
	number(connections);

	const fields = [
		h(
			"div",
			{ class: "grid" },
			field("name", "Name", { value: company?.name, autofocus: true }),
			field("id", "Id", {
				value: company?.id ?? randomId(),
				readonly: company !== undefined,
				hint: company ? undefined : "Any text; the service's start with clx.",
			}),
			field("onboardedAt", "Onboarded", { value: company?.onboardedAt ?? new Date().toISOString() }),
			field("_count.templates", "Templates", { value: String(company?._count.templates ?? 0), inputmode: "numeric" }),
		),
		connections,
		more,
		...Object.entries(SUGGESTED).map(([name, words]) =>
			h(
				"datalist",
				{ id: `words-${name}` },
				words.map((value) => h("option", { value })),
			),
		),
	];
	dialog(title, (close) => form(fields, label, (form) => save(read(form)).then(close), { close }), { wide: true });
}

function read(form) {
	const text = (name) => textOf(form, name);
	return {
		id: text("id"),
		name: text("name"),
		onboardedAt: text("onboardedAt").trim(),
		connections: [...form.querySelectorAll("fieldset")].map((fields) =>
			Object.fromEntries([...fields.querySelectorAll("input")].map((input) => [input.dataset.name, input.value])),
		),
		_count: { templates: typedNumber(text("_count.templates")) },
	};
}

function connectionFields(connection) {
	const fields = Object.entries(LABELS).map(([name, label]) =>
		field(name, label, {
			value: connection[name],
			"data-name": name,
			list: name in SUGGESTED ? `words-${name}` : undefined,
		}),
	);
	const set = h("fieldset", {}, h("legend", {}), h("div", { class: "grid" }, fields));
	const remove = h("button", { type: "button", class: "small" }, "Remove this connection");
	remove.addEventListener("click", () => {
		const list = set.parentElement;
		const next = set.nextElementSibling ?? set.previousElementSibling;
		set.remove();
		number(list);
		(next?.querySelector("input") ?? list.parentElement.querySelector("button")).focus();
	});
	set.append(remove);
	return set;
}

/** Gives each connection its number, and each of its fields the JSON path that an error would name. */
function number(list) {
	[...list.children].forEach((set, index) => {
		set.querySelector("legend").textContent = `Connection ${index + 1}`;
		set.querySelectorAll("input").forEach((input) => {
			input.name = `connections[${index}].${input.dataset.name}`;
			input.closest(".field").dataset.path = input.name;
		});
	});
}

const randomId = () =>
	`clx${[...crypto.getRandomValues(new Uint8Array(10))].map((byte) => (byte % 36).toString(36)).join("")}`;
