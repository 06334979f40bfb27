// The page: header, menu and current view, and what happens when the mock is gone or requires a token.
import { ask, presence } from "./api.js";
import { companiesView } from "./companies.js";
import { dialog, empty, h, keep, number, plain, say, shown } from "./dom.js";
import { faultsView } from "./faults.js";
import { checkbox, field, form, textOf } from "./form.js";
import { keysView } from "./keys.js";
import { newPartner, partnerHead } from "./partner.js";
import { referenceView } from "./reference.js";
import { requestsView } from "./requests.js";
import { serverView } from "./server.js";
import { keepFresh, partner, refresh, state } from "./state.js";
import { walletView } from "./wallet.js";

/** Views of the whole mock, by their place in the address. */
const WHOLE = {
	requests: ["All requests", () => requestsView()],
	faults: ["Faults for all", () => faultsView()],
	reference: ["API reference", referenceView],
	mock: ["Clock and reset", serverView],
};

/** Views of one partner, each with the count beside its name. */
const PARTS = {
	requests: ["Requests", requestsView, (one) => one.requests],
	companies: ["Companies", companiesView, (one) => one.companies],
	wallet: ["Wallet", walletView],
	keys: ["Keys", keysView, (one) => one.keys],
	faults: ["Faults", faultsView, (one) => one.faults],
};

const MANY_PARTNERS = 8;
/** How many are listed; those beyond are found by name. */
const LISTED = 200;

const byId = (id) => document.getElementById(id);
const main = byId("main");
const side = byId("side");
const menu = byId("menu");

// ---- where we are

function place() {
	const [first, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
	if (first === "partners" && rest[0]) return { partner: rest[0], view: Object.hasOwn(PARTS, rest[1]) ? rest[1] : "requests" };
	return { view: Object.hasOwn(WHOLE, first) ? first : "requests" };
}

function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

const link = (id, view) => (id === undefined ? `#/${view}` : `#/partners/${encodeURIComponent(id)}/${view}`);

// ---- the view that is shown

let current = { update: () => {}, stop: () => {} };
let currentIs;

function show() {
	const at = place();
	const is = JSON.stringify(at);
	if (is === currentIs) return;
	const isFirst = currentIs === undefined;
	currentIs = is;
	document.querySelectorAll("dialog").forEach((one) => one.close());
	current.stop();
	current = at.partner === undefined ? wholePage(at.view) : partnerPage(at.partner, at.view);
	main.replaceChildren(...current.roots);
	openMenu(false);
	drawSide();
	// So that Tab continues in the new view, and a screen reader announces it.
	if (!isFirst) main.querySelector("h1")?.focus();
	scrollTo(0, 0);
}

function wholePage(view) {
	const [title, make] = WHOLE[view];
	const { root, update = () => {}, stop = () => {} } = make();
	name(title);
	return { roots: [h("header", { class: "head" }, h("h1", { tabindex: "-1" }, title)), root], update, stop };
}

function partnerPage(id, view) {
	const one = partner(id);
	if (!one) return missing(id);
	const head = partnerHead(id);
	const parts = h("nav", { class: "parts", "aria-label": "Parts of the partner" });
	const { root, update = () => {}, stop = () => {} } = PARTS[view][1](id);
	const all = () => {
		if (!partner(id)) return again();
		head.update();
		keep(
			parts,
			Object.entries(PARTS),
			([key]) => key,
			([key]) =>
				h(
					"a",
					{ href: link(id, key), "aria-current": key === view ? "page" : undefined },
					h("span"),
					h("span", { class: "count" }),
				),
			fillPart,
		);
		update();
	};
	const fillPart = (element, [, [title, , many]]) => {
		say(element.children[0], title);
		say(element.children[1], many ? number(many(partner(id))) : "");
	};
	name(`${plain(one.name)}, ${PARTS[view][0].toLowerCase()}`);
	const page = { roots: [head.root, parts, root], update: all, stop };
	all();
	return page;
}

function missing(id) {
	name("No such partner");
	const root = empty(
		"This partner is not there.",
		h("p", {}, "It was deleted, or the mock was reset or started again since: ", h("code", {}, shown(id)), "."),
		h("p", {}, h("a", { href: "#/requests" }, "All requests")),
	);
	return {
		roots: [h("h1", { tabindex: "-1", class: "unseen" }, "No such partner"), root],
		update: () => partner(id) && again(),
		stop: () => {},
	};
}

/** Draws the same place again: what it was about has come or gone. */
function again() {
	currentIs = undefined;
	show();
}

const name = (title) => (document.title = `${title} · Partner API mock`);

// ---- the side: the whole mock, and its partners

const whole = h("ul");
const partners = h("ul", { class: "partners" });
const find = h("input", {
	type: "search",
	id: "find",
	placeholder: "Find a partner",
	autocomplete: "off",
	"aria-label": "Find a partner",
	oninput: drawSide,
});
const partnersNote = h("p", { class: "quiet" });

const partnersTitle = h(
	"div",
	{ class: "title" },
	h("h2", {}, "Partners"),
	h("button", { type: "button", class: "small", onclick: newPartner }, "New …"),
);
side.append(h("div", { class: "stays" }, whole, partnersTitle, find, partners, partnersNote));

function drawSide() {
	const at = place();
	keep(
		whole,
		Object.entries(WHOLE),
		([key]) => key,
		([key, [title]]) => h("li", {}, h("a", { href: link(undefined, key) }, title)),
		(item, [key]) => mark(item.firstChild, at.partner === undefined && at.view === key),
	);
	const wanted = find.value.trim().toLowerCase();
	find.hidden = state.partners.length < MANY_PARTNERS && wanted === "";
	const found = state.partners.filter((one) => one.name.toLowerCase().includes(wanted) || one.id === wanted);
	keep(
		partners,
		found.slice(0, LISTED),
		(one) => one.id,
		partnerLink,
		(item, one) => fillPartner(item.firstChild, one, at),
	);
	const more = found.length - LISTED;
	const none = state.partners.length === 0 ? "None yet." : found.length === 0 ? "None matches." : "";
	say(partnersNote, !state.info ? "" : more > 0 ? `${number(more)} more are found by name.` : none);
}

const partnerLink = () =>
	h(
		"li",
		{},
		h(
			"a",
			{},
			h("span", { class: "dot", "aria-hidden": "true" }),
			h("span", { class: "name" }),
			h("span", { class: "unseen" }),
			h("span", { class: "count", title: "requests that are kept" }),
		),
	);

function fillPartner(element, one, at) {
	const [dot, label, note, requests] = element.children;
	element.href = link(one.id, at.partner === undefined ? "requests" : at.view);
	element.title = plain(one.name);
	dot.className = one.active ? "dot good" : "dot";
	if (label.dataset.shown !== one.name) label.replaceChildren(shown(one.name));
	label.dataset.shown = one.name;
	say(note, one.active ? "" : " (inactive)");
	say(requests, number(one.requests));
	mark(element, at.partner === one.id);
}

function mark(element, isHere) {
	if (isHere) element.setAttribute("aria-current", "page");
	else element.removeAttribute("aria-current");
}

function openMenu(open) {
	menu.setAttribute("aria-expanded", String(open));
	side.classList.toggle("open", open);
}

menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));
side.addEventListener("keydown", (event) => {
	if (event.key !== "Escape" || menu.getAttribute("aria-expanded") !== "true") return;
	openMenu(false);
	menu.focus();
});
byId("skip").addEventListener("click", () => main.focus());

// ---- the mock is gone, or asks for a token

presence.listeners.add((isThere, seconds) => {
	const banner = byId("banner");
	banner.hidden = isThere;
	if (isThere) {
		banner.replaceChildren();
		refresh().catch(() => {});
		return;
	}
	// The first child stays, so that a reader is told once, and not of each try.
	if (!banner.firstChild)
		banner.append(
			h("p", {}, h("b", {}, "The mock does not respond."), " The page shows its last state."),
			h("span", { "aria-live": "off" }),
			h("button", { type: "button", class: "small", onclick: () => presence.retryNow() }, "Try now"),
		);
	say(banner.children[1], `Trying again in ${seconds} s …`);
});

ask.token = (wasWrong) =>
	new Promise((resolve) => {
		const remember = checkbox("remember", "Remember it until this tab is closed");
		const token = field("token", "Token", {
			type: "password",
			hint: "As given to the mock, for instance in PARTNER_API_MOCK_TOKEN.",
			autofocus: true,
		});
		if (wasWrong) token.querySelector(".wrong").append("This token was not accepted.");
		let given;
		const opened = dialog("This mock asks for a token", (close) =>
			form([token, remember], "Go on", async (form) => {
				given = { token: textOf(form, "token").trim(), remember: form.elements.namedItem("remember").checked };
				close();
			}),
		);
		opened.querySelector("header button").remove();
		// Without a token there is nothing to show, so a closed dialog opens again.
		opened.addEventListener("close", () => resolve(given ?? ask.token(wasWrong)));
	});

// ---- and go

let isShown = false;

state.listeners.add(() => {
	say(byId("version"), state.info.version);
	drawSide();
	if (!isShown) start();
	current.update();
});

// Not before the partners are known: a partner's page needs its partner.
function start() {
	isShown = true;
	addEventListener("hashchange", show);
	show();
}

drawSide();
keepFresh();
