// Calls of the control API, all through one function.
import { plain } from "./dom.js";

/** An error response of the mock. `field` is the JSON path, or the parameter, that it names. */
export class Refused extends Error {
	constructor(status, { error, message, field }) {
		super(plain(message ?? error ?? `The mock responded with ${status}.`));
		Object.assign(this, { status, code: error, field });
	}
}

/** No response was received. */
export class Gone extends Error {
	constructor() {
		super("The mock does not respond. What you entered is still here; try again when it is back.");
	}
}

const TIMEOUT = 60_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const REMEMBERED = "partner-api-mock-token";

let token = remembered();
let tokenAsked;

/** What is known of the mock: is it there? Listeners get `(isThere, seconds until the next try)`. */
export const presence = { isThere: true, listeners: new Set(), retryNow: () => {} };

/** Set by the page: asks for the token, and gives it with whether to remember it. */
export const ask = { token: async (_wasWrong) => ({ token: "", remember: false }) };

export const hasToken = () => token !== null;

export const get = (path, options) => send("GET", path, undefined, options);

/** Sends a request and returns the JSON of its response, with every number that a float cannot hold as a BigInt. */
export async function send(method, path, body, options = {}) {
	const used = token;
	const response = await fetched(method, path, body, options);
	const text = await textOf(response, options);
	const json = parsed(text);
	if (response.ok) return json;
	if (response.status === 401 && json?.error === "token_required") {
		await renewToken(used);
		return send(method, path, body, options);
	}
	throw new Refused(response.status, json ?? {});
}

/** A number is sent as it was typed, however large; other input is sent as text, so that the mock reports the error. */
export function typedNumber(text) {
	const clean = text.trim();
	if (!/^-?(0|[1-9][0-9]*)$/.test(clean)) return text;
	return JSON.rawJSON ? JSON.rawJSON(clean) : Number(clean);
}

async function fetched(method, path, body, { signal, timeout = TIMEOUT } = {}) {
	const headers = token === null ? {} : { authorization: `Bearer ${token}` };
	if (method !== "GET") headers["content-type"] = "application/json";
	const limit = AbortSignal.timeout(timeout);
	try {
		return await fetch(path, {
			method,
			headers,
			body: body === undefined ? undefined : JSON.stringify(body),
			cache: "no-store",
			signal: signal ? AbortSignal.any([signal, limit]) : limit,
		});
	} catch (error) {
		throw lostUnless(signal, error);
	}
}

async function textOf(response, { signal }) {
	try {
		const text = await response.text();
		if (!presence.isThere) found();
		return text;
	} catch (error) {
		throw lostUnless(signal, error);
	}
}

/** A request that the page aborts says nothing about the mock. */
function lostUnless(signal, error) {
	if (signal?.aborted) return error;
	lost();
	return new Gone();
}

const LONG = 1 << 20;

function parsed(text) {
	if (text === "") return null;
	try {
		// Looking at each number costs time that a list of 100,000 companies does not have.
		return text.length > LONG ? JSON.parse(text) : JSON.parse(text, exact);
	} catch {
		return null;
	}
}

const exact = (_name, value, context) =>
	typeof value === "number" && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(context?.source)
		? BigInt(context.source)
		: value;

/** Asks for the token once, however many requests wait for it. */
async function renewToken(used) {
	if (token !== used) return; // another request has it already
	tokenAsked ??= ask.token(used !== null).then((given) => {
		token = given.token;
		remember(given.remember ? token : undefined);
		tokenAsked = undefined;
	});
	await tokenAsked;
}

// A browser may refuse to store anything. Then the token lives as long as the page.
function remembered() {
	try {
		return sessionStorage.getItem(REMEMBERED);
	} catch {
		return null;
	}
}

function remember(token) {
	try {
		if (token === undefined) sessionStorage.removeItem(REMEMBERED);
		else sessionStorage.setItem(REMEMBERED, token);
	} catch {
		// as above
	}
}

function lost() {
	if (!presence.isThere) return;
	presence.isThere = false;
	comeBack(FIRST_WAIT);
}

function comeBack(wait) {
	const timer = setTimeout(tryAgain, wait);
	presence.retryNow = () => {
		clearTimeout(timer);
		tryAgain();
	};
	tell(wait);

	async function tryAgain() {
		presence.retryNow = () => {};
		try {
			const response = await fetch("ready", { cache: "no-store", signal: AbortSignal.timeout(5000) });
			if (response.ok) return found();
		} catch {
			// still gone
		}
		if (!presence.isThere) comeBack(Math.min(wait * 2, LONGEST_WAIT));
	}
}

function found() {
	if (presence.isThere) return;
	presence.isThere = true;
	presence.retryNow = () => {};
	tell(0);
}

function tell(wait) {
	presence.listeners.forEach((listener) => listener(presence.isThere, Math.ceil(wait / 1000)));
}
