// Makes the elements of the page, always from text and never from HTML.

/** An element. `onclick` and the like are listeners; `true` is an attribute without a value, `false` no attribute. */
export function h(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined || value === null || value === false) continue;
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
	return element;
}

// C0 and C1 controls, marks that change the direction of text, and invisible characters: what could hide, or
// show other text than there is.
const TREACHEROUS = String.raw`\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f
	\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}`.replace(/\s/g, "");
const IN_A_LINE = new RegExp(`[${TREACHEROUS}]+`, "gu");
const IN_LINES = new RegExp(`(?![\\n\\t])[${TREACHEROUS}](?:(?![\\n\\t])[${TREACHEROUS}])*`, "gu");

/** Of a text from elsewhere, at most so many characters are shown. */
const MOST = 20_000;

/**
 * Text from elsewhere: kept apart from the direction of what stands around it, with each treacherous character spelled
 * out, and cut where it is very long. With `lines` it may have several lines, and tabs.
 */
export function shown(text, { lines = false, most = MOST } = {}) {
	const parts = h("bdi");
	const whole = String(text);
	const start = whole.slice(0, most);
	let from = 0;
	for (const match of start.matchAll(lines ? IN_LINES : IN_A_LINE)) {
		const escape = h("span", { class: "escape", title: "characters that are not shown" }, spelled(match[0]));
		parts.append(start.slice(from, match.index), escape);
		from = match.index + match[0].length;
	}
	parts.append(start.slice(from));
	if (whole.length > most)
		parts.append(h("span", { class: "quiet" }, ` … ${number(whole.length - most)} characters more`));
	return parts;
}

const spelled = (chars) =>
	[...chars].map((char) => `\\u{${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}}`).join("");

/** The same for a place that can hold text only, such as a title. */
export const plain = (text) => String(text).slice(0, MOST).replace(IN_A_LINE, spelled);

/**
 * Makes the children of an element those of a list, and leaves alone what is there already: an element keeps its focus
 * and what is open in it when the list comes again. `update(element, item)` may change one in place.
 */
export function keep(parent, items, key, create, update = () => {}) {
	const old = new Map([...parent.children].map((element) => [element.dataset.key, element]));
	const wanted = items.map((item) => [String(key(item)), item]);
	const names = new Set(wanted.map(([name]) => name));
	const gone = [...old].filter(([name]) => !names.has(name)).map(([, element]) => element);
	const hadFocus = gone.some((element) => element.contains(document.activeElement));
	// First, so that what stays is not moved: an element that is moved loses its focus.
	gone.forEach((element) => element.remove());
	let place = parent.firstElementChild;
	for (const [name, item] of wanted) {
		const element = old.get(name) ?? create(item);
		element.dataset.key = name;
		update(element, item);
		if (element === place) place = place.nextElementSibling;
		else parent.insertBefore(element, place);
	}
	// Where the element that had the focus is gone, its list has it: a keyboard does not start again at the top.
	if (hadFocus) {
		parent.tabIndex = -1;
		parent.focus({ preventScroll: true });
	}
}

/** Changes the text of an element only if it differs, so that a screen reader does not announce it again. */
export function say(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

let saying;

/** Says in passing what was done. */
export function announce(text) {
	const place = document.getElementById("said");
	clearTimeout(saying);
	place.replaceChildren(h("p", {}, shown(text)));
	saying = setTimeout(() => place.replaceChildren(), 5000);
}

/** A button that copies what `text()` gives at that moment. */
export function copyButton(text, label = "Copy", name) {
	const button = h("button", { type: "button", class: "small copy", "aria-label": name }, label);
	button.addEventListener("click", async () => {
		const done = await copy(text());
		button.textContent = done ? "Copied" : "Select and copy by hand";
		if (done) announce("Copied to the clipboard.");
		setTimeout(() => (button.textContent = label), 2000);
	});
	return button;
}

async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return false; // not a secure context, or not allowed
	}
}

/** A command to copy, in a box that scrolls in itself. */
export function command(text, { copied = text, name = "Copy the command" } = {}) {
	return h(
		"div",
		{ class: "command" },
		h("pre", { tabindex: "0" }, h("code", {}, shown(text, { lines: true }))),
		copyButton(() => copied, "Copy", name),
	);
}

let dialogs = 0;

/** A modal dialog that ends with Escape and returns the focus. `fill(close)` returns its content. */
export function dialog(title, fill, { wide = false } = {}) {
	const name = `dialog-${(dialogs += 1)}`;
	const heading = h("h2", { id: name }, title);
	const element = h("dialog", { "aria-labelledby": name, class: wide ? "wide" : undefined });
	const opener = document.activeElement;
	element.addEventListener("close", () => {
		element.remove();
		if (opener?.isConnected) opener.focus();
		else document.getElementById("main").focus();
	});
	const close = () => element.close();
	element.append(
		h(
			"header",
			{},
			heading,
			h("button", { type: "button", class: "quiet", onclick: close, "aria-label": "Close" }, "✕"),
		),
		...[fill(close)].flat(),
	);
	document.body.append(element);
	element.showModal();
	element.querySelector("[autofocus], input, textarea, select, .actions button")?.focus();
	return element;
}

/** Asks before an action that cannot be undone. The dialog shows its errors. */
export function confirm(title, text, label, act) {
	dialog(title, (close) => {
		const wrong = h("p", { class: "wrong", role: "alert" });
		const yes = h("button", { type: "button", class: "danger" }, label);
		yes.addEventListener("click", async () => {
			yes.disabled = true;
			try {
				await act();
				close();
			} catch (error) {
				wrong.replaceChildren(shown(error.message));
				yes.disabled = false;
			}
		});
		return [
			h("p", {}, text),
			wrong,
			h("div", { class: "actions" }, h("button", { type: "button", autofocus: true, onclick: close }, "Cancel"), yes),
		];
	});
}

/** Runs the action of a button, one at a time, and shows its error. */
export function act(button, work) {
	button.addEventListener("click", async () => {
		// Not `disabled`: that would take the focus away.
		if (button.getAttribute("aria-busy") === "true") return;
		button.setAttribute("aria-busy", "true");
		try {
			await work();
		} catch (error) {
			announce(error.message);
		} finally {
			button.removeAttribute("aria-busy");
		}
	});
	return button;
}

export const button = (label, work, attributes = {}) =>
	act(h("button", { type: "button", ...attributes }, label), work);

/** The text of an empty view: what it means, and what to do next. */
export const empty = (title, ...rest) => h("div", { class: "empty" }, h("p", { class: "title" }, title), ...rest);

export const number = (value) => Number(value).toLocaleString("en");

export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** The time of day here, to the millisecond. */
export function clockTime(iso) {
	const date = new Date(iso);
	if (Number.isNaN(date.getTime())) return plain(iso);
	const two = (part) => String(part).padStart(2, "0");
	return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A JSON body with its lines broken for a reader; any other as it is. Numbers are not touched. */
export function readable(body) {
	const text = body.trim();
	if (!/^[[{]/.test(text) || text.length > MOST) return body;
	try {
		JSON.parse(text);
	} catch {
		return body;
	}
	return broken(text);
}

/** Breaks the lines of valid JSON without reading its values, so that none is changed: `25.0` stays, and so does 2^63. */
function broken(json) {
	let out = "";
	let depth = 0;
	const line = () => "\n" + "  ".repeat(depth);
	for (const [token] of json.matchAll(/"(?:\\.|[^"\\])*"|[[{]\s*[\]}]|[[\]{},:]|[^\s[\]{},:"]+/g)) {
		if (token === "{" || token === "[") ((depth += 1), (out += token + line()));
		else if (token === "}" || token === "]") ((depth -= 1), (out += line() + token));
		else if (token === ",") out += token + line();
		else if (token === ":") out += ": ";
		else out += token.replace(/^([[{])\s+/, "$1");
	}
	return out;
}
