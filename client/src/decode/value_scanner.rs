//! Where a JSON value ends, found over any number of chunks.

/// Finds the end of one value. It counts brackets and quotes only: a parser decides whether the
/// value is valid.
#[derive(Debug, Default)]
pub(crate) struct ValueScanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The value is neither a string nor in brackets, so it ends where something else begins.
    scalar: bool,
}

impl ValueScanner {
    /// Scans the next bytes and returns the offset after the end of the value, if it is among them.
    /// The first byte of all must be the first of the value.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (offset, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Some(offset + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                _ if self.scalar && ends_scalar(*byte) => return Some(offset),
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(offset + 1);
                    }
                }
                _ if self.depth == 0 => self.scalar = true,
                _ => {}
            }
        }
        None
    }
}

/// The bytes that also end a number or a literal for `serde_json`.
fn ends_scalar(byte: u8) -> bool {
    b",:[]{}\" \t\n\r".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_at_every_split() {
        for (text, value) in [
            (r#"{"a":"}]\"\\","b":[{}]} ,"#, r#"{"a":"}]\"\\","b":[{}]}"#),
            (r#""\\\"]" "#, r#""\\\"]""#),
            ("[[],[]]]", "[[],[]]"),
            ("12e3,", "12e3"),
            ("-1[0", "-1"),
            ("7\"x\"", "7"),
            ("null]", "null"),
            ("true\n", "true"),
            ("{}", "{}"),
        ] {
            for split in 0..=text.len() {
                let mut scan = ValueScanner::default();
                let (first, second) = text.split_at(split);
                let end = scan
                    .end(first.as_bytes())
                    .or_else(|| scan.end(second.as_bytes()).map(|end| split + end));
                assert_eq!(end, Some(value.len()), "{first} | {second}");
            }
        }
    }

    #[test]
    fn what_has_not_ended_has_no_end() {
        for text in ["", "12", "[1,2", r#""a\""#, r#"{"a":"}"#] {
            assert_eq!(ValueScanner::default().end(text.as_bytes()), None, "{text}");
        }
    }
}
