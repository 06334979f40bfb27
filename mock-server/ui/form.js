// Forms: fields with a label, and errors at the field that the mock names.
import { Refused } from "./api.js";
import { h, shown } from "./dom.js";

let made = 0;

/** A labelled field. `path` is its JSON path in what is sent. */
export function field(path, label, { value = "", hint, kind = "input", options = [], ...attributes } = {}) {
	const id = `field-${(made += 1)}`;
	const input = h(
		kind,
		{ id, name: path, autocomplete: "off", spellcheck: "false", ...attributes },
		options.map(([text, label]) => h("option", { value: text }, label)),
	);
	input.value = value;
	const wrong = h("p", { class: "wrong", id: `${id}-wrong` });
	const described = [`${id}-wrong`];
	if (hint) described.push(`${id}-hint`);
	input.setAttribute("aria-describedby", described.join(" "));
	return h(
		"div",
		{ class: "field", "data-path": path },
		h("label", { for: id }, label),
		input,
		hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
		wrong,
	);
}

export function checkbox(name, label, { checked = false } = {}) {
	const id = `field-${(made += 1)}`;
	return h(
		"div",
		{ class: "check" },
		h("input", { type: "checkbox", id, name, checked }),
		h("label", { for: id }, label),
	);
}

/**
 * A form. `submit(form)` sends it; if that is rejected, the message is shown at the field that it names, which gets the
 * focus, or above the buttons if there is no such field.
 */
export function form(children, label, submit, { close, danger = false } = {}) {
	const wrong = h("p", { class: "wrong", role: "alert" });
	const save = h("button", { type: "submit", class: danger ? "danger" : "primary" }, label);
	const buttons = h(
		"div",
		{ class: "actions" },
		close && h("button", { type: "button", onclick: close }, "Cancel"),
		save,
	);
	const element = h("form", { novalidate: true }, children, wrong, buttons);
	element.addEventListener("submit", async (event) => {
		event.preventDefault();
		if (save.getAttribute("aria-busy") === "true") return;
		save.setAttribute("aria-busy", "true");
		clear(element);
		try {
			await submit(element);
		} catch (error) {
			explain(element, wrong, error);
		} finally {
			save.removeAttribute("aria-busy");
		}
	});
	return element;
}

/** The text of a field. */
export const textOf = (form, path) => form.elements.namedItem(path).value;

function clear(form) {
	form.querySelectorAll(".wrong").forEach((place) => place.replaceChildren());
	form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
}

function explain(form, wrong, error) {
	const place = error instanceof Refused ? find(form, error.field) : undefined;
	// The label names the field already.
	const named = `${place?.dataset.path}: `;
	const message = error.message.startsWith(named) ? error.message.slice(named.length) : error.message;
	(place?.querySelector(".wrong") ?? wrong).replaceChildren(shown(message));
	const input = place?.querySelector("input, textarea, select");
	input?.setAttribute("aria-invalid", "true");
	input?.focus();
}

/** The field of this path, or the field around it; if there is only one field, that one. */
function find(form, path) {
	const fields = [...form.querySelectorAll("[data-path]")];
	if (fields.length === 1) return fields[0];
	const is = (wanted) => fields.find((field) => field.dataset.path === wanted);
	for (let wanted = path ?? ""; wanted; wanted = wanted.replace(/(\.[^.[]*|\[\d+\]|^[^.[]+)$/, "")) {
		const found = is(wanted);
		if (found) return found;
	}
	return undefined;
}
