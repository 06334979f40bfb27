// What every view looks at: the mock itself and its partners, as the mock last told them.
import { get, presence } from "./api.js";

export const state = {
	info: undefined,
	partners: [],
	/** Keys that were shown on this page since it was opened, newest last: `{ partner, id, key }`. They are stored nowhere. */
	keys: [],
	listeners: new Set(),
};

const EVERY = 3000;

export const partner = (id) => state.partners.find((one) => one.id === id);

let asking;

/** Asks the mock again, and tells every listener. Whoever calls while it is asked waits for the next answer. */
export async function refresh() {
	const before = asking;
	const next = (async () => {
		await before?.catch(() => {});
		const [info, { data }] = await Promise.all([get("info"), get("partners")]);
		Object.assign(state, { info, partners: data });
		state.keys = state.keys.filter((one) => partner(one.partner));
		state.listeners.forEach((listener) => listener());
	})();
	asking = next;
	try {
		await next;
	} finally {
		if (asking === next) asking = undefined;
	}
}

/** Keeps the state fresh while somebody looks. */
export function keepFresh() {
	repeat(refresh, EVERY);
}

/** Runs `work` now and then again, while the page is seen and the mock is there, until `signal` says stop. */
export async function repeat(work, every, signal) {
	while (!signal?.aborted) {
		if (!document.hidden && presence.isThere) {
			try {
				await work();
			} catch {
				// The banner says it if the mock is gone; what else there is will be said where it was asked for.
			}
		}
		await pause(every, signal);
	}
}

/** Waits, or until `signal` says stop. */
export const pause = (milliseconds, signal) =>
	new Promise((resolve) => {
		const timer = setTimeout(done, milliseconds);
		signal?.addEventListener("abort", done, { once: true });
		function done() {
			clearTimeout(timer);
			signal?.removeEventListener("abort", done);
			resolve();
		}
	});
