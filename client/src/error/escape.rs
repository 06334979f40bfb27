//! Text from the service is untrusted: it is escaped and truncated before it is shown or logged.

use std::fmt;

/// The longest text that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// Displays a text of the service with control and invisible characters escaped as Rust writes
/// them (`\n`, `\u{1b}`), and truncated to 200 characters or to the precision of the format
/// (`{:.60}`).
///
/// Use it for terminals, logs and pages: the client returns texts as the service sent them, and the
/// name of a company may contain any characters.
///
/// ```
/// use partner_api::Escaped;
///
/// assert_eq!(Escaped("Caf\u{e9} \u{1b}[2J").to_string(), "Caf\u{e9} \\u{1b}[2J");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let most = f.precision().unwrap_or(MAX_SHOWN);
        for (index, character) in self.0.chars().enumerate() {
            if index == most {
                return f.write_char('…');
            }
            if is_harmless(character) {
                f.write_char(character)?;
            } else {
                write!(f, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Control characters control terminals; format characters such as U+202E reorder text.
fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_letters_are_not() {
        assert_eq!(Escaped("caf\u{e9} \u{4f60}").to_string(), "caf\u{e9} \u{4f60}");
        assert_eq!(
            Escaped("a\u{1b}[2J\r\n\t\u{202e}b\u{7f}\"\\").to_string(),
            "a\\u{1b}[2J\\r\\n\\t\\u{202e}b\\u{7f}\"\\"
        );
    }

    #[test]
    fn a_long_text_is_truncated() {
        let shown = Escaped(&"x".repeat(100_000)).to_string();
        assert_eq!(shown.chars().count(), MAX_SHOWN + 1);
        assert!(shown.ends_with('…'));
        assert_eq!(format!("{:.3}", Escaped("abcdef")), "abc…");
        assert_eq!(format!("{:.3}", Escaped("abc")), "abc");
    }
}
