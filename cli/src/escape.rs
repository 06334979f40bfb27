//! Text from elsewhere, such as an argument or an error, made safe to print.

use std::borrow::Cow;

/// The text with control and format characters escaped, which a terminal would obey or hide.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe_to_print) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_unsafe_to_print(char) { line.extend(char.escape_default()) } else { line.push(char) }
    }
    line.into()
}

fn is_unsafe_to_print(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(char, '\u{fff9}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_format_characters_are_escaped_and_letters_are_not() {
        let text = "caf\u{e9} e\u{301} \u{1b}[2J\u{9b}\u{202e}\u{61c}\u{200d}\n\"'\\";
        let shown = "caf\u{e9} e\u{301} \\u{1b}[2J\\u{9b}\\u{202e}\\u{61c}\\u{200d}\\n\"'\\";
        assert_eq!(escaped(text), shown);
    }
}
