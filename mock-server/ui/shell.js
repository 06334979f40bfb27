// Text for a POSIX shell: sh, dash, bash, zsh.

// `!` is not special in quotes of a script, and is in those of an interactive bash.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f]/;
const ESCAPED = /[\u0000-\u001f\u007f-\u009f\\!]/g;

/** Whether single quotes would bring a control character to the terminal that the text is pasted into. */
export const isUnsafe = (text) => UNSAFE.test(text);

/** One word, whatever is in the text but newlines at its end. `$'…'` is not POSIX, so `printf` makes control characters. */
export const quoted = (text) => (isUnsafe(text) ? `"$(${printed(text)})"` : single(text));

/** A command that prints exactly this text. */
export const printed = (text) => `printf '%b' ${single(text.replace(ESCAPED, octal))}`;

const single = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Each byte of a character as `printf '%b'` reads it. */
function octal(char) {
	const bytes = [...new TextEncoder().encode(char)];
	return bytes.map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
