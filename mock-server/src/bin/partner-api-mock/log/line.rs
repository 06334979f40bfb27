//! From an event to a line, for people or for programs.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The target of the mock's event for each request.
pub(super) const REQUEST: &str = "partner_api_mock::request";

/// What the log says of itself.
const LOG: &str = "partner_api_mock::log";

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

/// What an event says, in its order.
#[derive(Debug, Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Style {
    pub(super) fn line(self, event: &Event<'_>) -> String {
        let mut said = Said::default();
        event.record(&mut said);
        self.write(*event.metadata().level(), event.metadata().target(), said)
    }

    /// So many lines had to be dropped.
    pub(super) fn dropped(self, lines: u64) -> String {
        let message = "lines were dropped: nobody read them in time".to_owned();
        self.write(Level::WARN, LOG, Said { message, fields: vec![("lines", lines.into())] })
    }

    fn write(self, level: Level, target: &str, said: Said) -> String {
        let time = format!("{:.3}", Timestamp::now());
        match self.format {
            Format::Json => json(&time, level, target, said),
            Format::Text if self.is_colored => {
                let color = color(level);
                let text = text(level, target, said);
                format!("\x1b[2m{time}\x1b[0m \x1b[{color}m{level}\x1b[0m {text}\n")
            }
            Format::Text => format!("{time} {level} {}\n", text(level, target, said)),
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

/// A request as `req-7 GET /api/v1/wallet 503 served`, all else as its message; then what else it
/// says, as `name=value`. No character in it can end the line or reach for the terminal.
fn text(level: Level, target: &str, mut said: Said) -> String {
    let mut line = if target == REQUEST {
        let mut take = |name| said.take(name);
        let (id, method) = (take("request.id"), take("http.request.method"));
        let (path, query) = (take("url.path"), take("url.query"));
        let mark = query.as_ref().map_or("", |_| "?");
        let (status, why) = (take("http.response.status_code"), take("why"));
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {} {}{mark}{} {} {}",
            or_dash(id),
            or_dash(method),
            or_dash(path),
            query.unwrap_or_default(),
            or_dash(status),
            or_dash(why),
        )
    } else if level <= Level::INFO {
        said.message
    } else {
        format!("{target}: {}", said.message)
    };
    for (name, value) in said.fields {
        // Writing to a string does not fail.
        let _ = match value {
            Value::String(text) => write!(line, " {name}=\"{}\"", text.replace('"', "\\\"")),
            value => write!(line, " {name}={value}"),
        };
    }
    let mut shown = String::with_capacity(line.len());
    for char in line.chars() {
        match char {
            ' '..='~' => shown.push(char),
            char => shown.extend(char.escape_debug()),
        }
    }
    shown
}

fn json(time: &str, level: Level, target: &str, said: Said) -> String {
    let head = [
        ("timestamp", time.into()),
        ("level", level.as_str().into()),
        ("target", target.into()),
        ("message", said.message.into()),
    ];
    let mut line = String::new();
    for (name, value) in head.into_iter().chain(said.fields) {
        let between = if line.is_empty() { '{' } else { ',' };
        let _ = write!(line, "{between}{}:{value}", Value::from(name));
    }
    let mut shown = String::with_capacity(line.len() + 2);
    for char in line.chars() {
        // JSON escapes those that come before the blank. Terminals know some beyond ASCII, too.
        if char.is_control() {
            let _ = write!(shown, "\\u{:04x}", u32::from(char));
        } else {
            shown.push(char);
        }
    }
    shown.push_str("}\n");
    shown
}

impl Said {
    /// A field that has a place of its own in the line.
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.fields.iter().position(|(one, _)| *one == name)?;
        Some(match self.fields.remove(at).1 {
            Value::String(text) => text,
            value => value.to_string(),
        })
    }

    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        match (field.name(), value.into()) {
            ("message", Value::String(message)) => self.message = message,
            field => self.fields.push(field),
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that could do harm in a terminal: an escape, a C1 control, the end of a line, a change
    /// of direction.
    const NASTY: &str = "a\u{1b}[31m\u{9b}31m\n\u{202e}\u{7f}\" \u{e9}";

    fn written(format: Format, is_colored: bool) -> String {
        let said = Said { message: NASTY.to_owned(), fields: vec![("file", NASTY.into())] };
        Style { format, is_colored }.write(Level::WARN, "elsewhere", said)
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
        let read: Value = serde_json::from_str(&line).unwrap();
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
