//! Texts of others, as they are shown in a line of a log, on a terminal, in an error, in a report.

use std::borrow::Cow;

/// The text in one line, with escapes instead of what a terminal would obey, what turns the
/// order of the letters, and what does not show.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe_to_print) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_unsafe_to_print(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line.into()
}

/// The beginning of a text, up to so many characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Controls, format characters, and what XML 1.0 cannot hold.
pub(crate) fn is_unsafe_to_print(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(char, '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_letters_are_not() {
        let text = "caf\u{e9} e\u{301} \u{1b}[2J\u{9b}\u{202e}\u{61c}\u{200d}\n\"'\\";
        let shown = "caf\u{e9} e\u{301} \\u{1b}[2J\\u{9b}\\u{202e}\\u{61c}\\u{200d}\\n\"'\\";
        assert_eq!(escaped(text), shown);
    }
}
