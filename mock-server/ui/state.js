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

/** Requests the state again, and notifies every listener. A call during a request waits for the next response. */
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

/** Runs `work` repeatedly, while the page is visible and the mock responds, until `signal` aborts. */
export async function repeat(work, every, signal) {
	while (!signal?.aborted) {
		if (!document.hidden && presence.isThere) {
			try {
				await work();
			} catch {
				// The banner shows that the mock is gone; other errors are shown where the user acts.
			}
		}
		await pause(every, signal);
	}
}

/** Waits, at most until `signal` aborts. */
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
