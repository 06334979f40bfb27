//! From an event to a line, for people or for programs.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The target of the mock's event for each request.
pub(super) const REQUEST: &str = "partner_api_mock::request";

/// What the log says of itself.
const LOG: &str = "partner_api::log";

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) is_colored: bool,
}

impl Style {
    pub(super) fn line(self, event: &Event<'_>) -> String {
        let about = event.metadata();
        let mut line = Line::begin(self, *about.level(), about.target());
        event.record(&mut line);
        line.end()
    }

    /// So many lines had to be dropped.
    pub(super) fn dropped(self, lines: u64) -> String {
        let mut line = Line::begin(self, Level::WARN, LOG);
        line.put("message", &Value::Text("lines were dropped: nobody read them in time"));
        line.put("lines", &Value::Plain(format_args!("{lines}")));
        line.end()
    }
}

/// A line that is being written, as the event tells one field after the other.
///
/// As text, a request is `req-7 GET /api/v1/wallet 503 served`, all else its message; then comes
/// what else is said, as `name=value`. No character can end the line or reach for the terminal.
struct Line {
    written: String,
    format: Format,
    is_request: bool,
    has_status: bool,
}

enum Value<'a> {
    Text(&'a str),
    /// A number, or true or false.
    Plain(fmt::Arguments<'a>),
}

impl Line {
    fn begin(Style { format, is_colored }: Style, level: Level, target: &str) -> Self {
        let now = Timestamp::now();
        let mut written = String::with_capacity(256);
        // Writing to a string does not fail.
        let _ = match format {
            Format::Json => {
                write!(written, r#"{{"timestamp":"{now:.3}","level":"{level}","target":"{target}""#)
            }
            Format::Text if is_colored => {
                let color = color(level);
                write!(written, "\x1b[2m{now:.3}\x1b[0m \x1b[{color}m{level}\x1b[0m")
            }
            Format::Text => write!(written, "{now:.3} {level}"),
        };
        let is_request = target == REQUEST;
        let mut line = Self { written, format, is_request, has_status: false };
        if format == Format::Text && level > Level::INFO {
            line.bare(" ", &Value::Text(target));
        }
        line
    }

    fn end(mut self) -> String {
        self.written.push_str(match self.format {
            Format::Text => "\n",
            Format::Json => "}\n",
        });
        self.written
    }

    fn put(&mut self, name: &str, value: &Value<'_>) {
        match (self.format, name) {
            (Format::Json, name) => self.json(name, value),
            (_, "message") if self.is_request => {}
            (_, "request.id" | "http.request.method" | "url.path") if self.is_request => {
                self.bare(" ", value);
            }
            (_, "url.query") if self.is_request => self.bare("?", value),
            (_, "http.response.status_code") if self.is_request => {
                self.has_status = true;
                self.bare(" ", value);
            }
            (_, "disposition") if self.is_request => {
                self.bare(if self.has_status { " " } else { " - " }, value);
            }
            (_, "message") => self.bare(" ", value),
            (_, name) => self.named(name, value),
        }
    }

    fn bare(&mut self, between: &str, value: &Value<'_>) {
        self.written.push_str(between);
        match value {
            Value::Text(text) => self.written.push_str(&escaped(text)),
            Value::Plain(plain) => drop(self.written.write_fmt(*plain)),
        }
    }

    fn named(&mut self, name: &str, value: &Value<'_>) {
        self.bare(" ", &Value::Text(name));
        match value {
            Value::Text(text) => {
                self.bare("=\"", &Value::Text(&text.replace('"', "\\\"")));
                self.written.push('"');
            }
            plain @ Value::Plain(_) => self.bare("=", plain),
        }
    }

    fn json(&mut self, name: &str, value: &Value<'_>) {
        self.written.push(',');
        push_json(&mut self.written, name);
        self.written.push(':');
        match value {
            Value::Text(text) => push_json(&mut self.written, text),
            Value::Plain(plain) => drop(self.written.write_fmt(*plain)),
        }
    }
}

/// Of those that every terminal has, by their number.
fn color(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    }
}

fn push_json(line: &mut String, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        line.extend(["\"", text, "\""]);
        return;
    }
    for char in serde_json::Value::from(text).to_string().chars() {
        // JSON escapes those that come before the blank. Terminals know some beyond ASCII, too.
        if char.is_control() {
            let _ = write!(line, "\\u{:04x}", u32::from(char));
        } else {
            line.push(char);
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), &Value::Text(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), &Value::Plain(format_args!("{value}")));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), &Value::Plain(format_args!("{value}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), &Value::Plain(format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), &Value::Text(&format!("{value:?}")));
    }
}

/// The text in one line, with what a terminal would obey or not show as escapes. A line of the log
/// is not cut, as `partner_api::Escaped` would.
fn escaped(text: &str) -> String {
    let is_harmless = |char: char| {
        !char.is_control()
            && !matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
            && !matches!(char, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            && !matches!(char, '\u{fff9}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if is_harmless(char) { line.push(char) } else { line.extend(char.escape_default()) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that could do harm in a terminal: an escape, a C1 control, the end of a line, a change
    /// of direction.
    const NASTY: &str = "a\u{1b}[31m\u{9b}31m\n\u{202e}\u{7f}\" \u{e9}";

    fn written(format: Format, is_colored: bool) -> String {
        let mut line = Line::begin(Style { format, is_colored }, Level::WARN, "elsewhere");
        line.put("message", &Value::Text(NASTY));
        line.put("file", &Value::Text(NASTY));
        line.end()
    }

    #[test]
    fn no_text_reaches_a_terminal_raw() {
        let line = written(Format::Text, false);
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(time.len(), "2026-11-24T10:00:00.000Z".len());
        let shown = r"a\u{1b}[31m\u{9b}31m\n\u{202e}\u{7f}";
        assert_eq!(rest, format!("WARN {shown}\" \u{e9} file=\"{shown}\\\" \u{e9}\"\n"));

        let line = written(Format::Json, true);
        assert!(!line.trim_end().chars().any(char::is_control), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read.get("file"), Some(&NASTY.into()));
        assert_eq!(read.get("message"), Some(&NASTY.into()));
        assert!(line.starts_with(r#"{"timestamp":""#) && line.contains(r#","level":"WARN","#));
    }

    #[test]
    fn a_terminal_gets_colors_from_us_only() {
        let line = written(Format::Text, true);
        assert_eq!(line.matches('\u{1b}').count(), 4, "{line:?}");
        assert!(line.contains("\u{1b}[33mWARN\u{1b}[0m a"), "{line:?}");
    }
}
