//! Texts of others on a terminal, in a log, in a file: nothing in them is obeyed, and none is long.

use crate::escape::{escaped, shortened};

/// The beginning of a text, up to so many characters, with nothing in it that is obeyed.
pub(crate) fn shown(text: &str, most: usize) -> String {
    escaped(&shortened(text, most)).into_owned()
}

/// Whether a text is surely a word of a set, such as `GREEN` or `missing_bearer_token`, and no
/// client's data: letters and underscores, 32 at most. A name, a number or an id is none, unless
/// it is a single word of letters; but that is no place where a name could stand.
pub(crate) fn is_word(text: &str) -> bool {
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
            assert!(is_word(word), "{word}");
        }
        for data in ["", "Acme Coffee", "+237690", "clx123", "a@b.c", &"x".repeat(33)] {
            assert!(!is_word(data), "{data}");
        }
    }
}
