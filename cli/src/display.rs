//! Texts of others on a terminal, in a log, in a file: nothing in them is obeyed, and none is long.

use std::borrow::Cow;

/// The text in one line, with escapes in the place of what a terminal would obey, what turns the
/// order of the letters, and what does not show.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_obeyed(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line.into()
}

/// The beginning of a text, up to so many characters.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Controls, format characters, and what XML 1.0 cannot hold.
fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(char, '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The beginning of a text, up to so many characters, with nothing in it that is obeyed.
pub(crate) fn shown(text: &str, most: usize) -> String {
    escaped(&shortened(text, most)).into_owned()
}

/// Whether a text is surely a word of a set, such as `GREEN` or `missing_bearer_token`, and no
/// client's data: letters and underscores, 32 at most. A name, a number or an id is none, unless
/// it is a single word of letters; but that is no place where a name could stand.
pub(crate) fn is_enum_value(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether the name of a field surely is one, and no id or number that a map is keyed by.
pub(crate) fn is_field_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_$-".contains(&byte);
    let has_few_digits = name.bytes().filter(u8::is_ascii_digit).count() <= 2;
    (1..=40).contains(&name.len()) && name.bytes().all(is_allowed) && has_few_digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_none_is_obeyed() {
        assert_eq!(shown("a\u{1b}b\n", 99), "a\\u{1b}b\\n");
        assert_eq!(shown("\u{1b}bcdef", 3), "\\u{1b}bc…");
        assert_eq!(shown("abc", 3), "abc");
    }

    #[test]
    fn a_word_is_told_from_data() {
        for word in ["GREEN", "connected", "missing_bearer_token"] {
            assert!(is_enum_value(word), "{word}");
        }
        for data in ["", "Acme Coffee", "+237690", "clx123", "a@b.c", &"x".repeat(33)] {
            assert!(!is_enum_value(data), "{data}");
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_letters_are_not() {
        let text = "caf\u{e9} e\u{301} \u{1b}[2J\u{9b}\u{202e}\u{61c}\u{200d}\n\"'\\";
        let shown = "caf\u{e9} e\u{301} \\u{1b}[2J\\u{9b}\\u{202e}\\u{61c}\\u{200d}\\n\"'\\";
        assert_eq!(escaped(text), shown);
    }
}
