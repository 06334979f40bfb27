//! YAML to JSON, with the place in the YAML of whatever stands in the JSON: so what reads JSON
//! reads YAML too, with all its checks, and says where a mistake is.
//!
//! It is the part of YAML 1.2 that is JSON written differently: one document, fields with names,
//! scalars by the core schema. Anchors and aliases work within a bound; merge keys (YAML 1.1),
//! tags of one's own and fields that come twice are refused.

mod scalar;

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use self::scalar::Scalar;
use crate::input::json::ParseError;

/// How deep arrays and objects may stand in each other. `serde_json` reads 128.
const MAX_DEPTH: usize = 100;

/// How many bytes of JSON all aliases together may add: a few lines of them can stand for more
/// than any memory holds.
const MAX_ALIASED: usize = 16 << 20;

/// JSON in one line, and where each piece of it comes from.
#[derive(Debug, Default)]
pub(crate) struct Json {
    pub(crate) text: String,
    /// Where in `text` a piece begins, in ascending order, and its line and column in the YAML.
    places: Vec<(usize, Place)>,
}

/// A line counted from 1, and a column in characters counted from 0, as the parser counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl From<Marker> for Place {
    fn from(mark: Marker) -> Self {
        Self { line: mark.line(), column: mark.col() }
    }
}

impl Place {
    /// Line and column in bytes, both counted from 1.
    fn in_bytes(self, yaml: &str) -> (usize, usize) {
        match yaml.split('\n').enumerate().take(self.line.max(1)).last() {
            Some((at, line)) if at + 1 >= self.line => {
                let before = line.chars().take(self.column).map(char::len_utf8).sum::<usize>();
                (at + 1, before + 1)
            }
            // The parser ends a last line that has no end: its own end is meant.
            Some((at, line)) => (at + 1, line.len() + 1),
            None => (1, 1),
        }
    }
}

impl Json {
    /// Line and column in the YAML of the byte at this offset of the JSON. The end of an array or
    /// an object is at its beginning, where one looks for what it lacks.
    pub(crate) fn place(&self, yaml: &str, offset: usize) -> (usize, usize) {
        let after = self.places.partition_point(|(start, _)| *start <= offset);
        let piece = after.checked_sub(1).and_then(|at| self.places.get(at));
        piece.map_or((1, 1), |(_, place)| place.in_bytes(yaml))
    }
}

/// Reads a document. Without content it is `null`.
pub(crate) fn to_json(yaml: &str) -> Result<Json, ParseError> {
    convert(yaml).map_err(|Wrong { at, message }| ParseError::at(at.in_bytes(yaml), &message))
}

fn convert(yaml: &str) -> Result<Json, Wrong> {
    let mut parser = Parser::new_from_str(yaml);
    let mut writer = Writer::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let message = format!("not YAML: {}", error.info());
            Wrong { at: (*error.marker()).into(), message }
        })?;
        let at = span.start.into();
        writer.take(event, at).map_err(|message| Wrong { at, message })?;
    }
    if writer.json.text.is_empty() {
        writer.json.text.push_str("null");
    }
    Ok(writer.json)
}

/// What is not YAML, or not the part of it that is read here. The message may hold texts from the
/// document.
struct Wrong {
    at: Place,
    message: String,
}

/// Writes the JSON, one event after the other.
#[derive(Default)]
struct Writer {
    json: Json,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    aliased: usize,
    documents: usize,
}

/// An array or an object whose end has not come yet.
struct Open {
    kind: Kind,
    at: Place,
    start: usize,
    anchor: usize,
    is_empty: bool,
    /// How deep what stands in it is, so far.
    height: usize,
}

enum Kind {
    Array,
    /// The names that came, and whether a value is due.
    Object {
        names: HashSet<String>,
        is_value_due: bool,
    },
}

/// What an alias stands for.
struct Anchored {
    start: usize,
    end: usize,
    height: usize,
}

impl Writer {
    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), String> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 1 { Ok(()) } else { Err(ONE_DOCUMENT.to_owned()) }
            }
            Event::SequenceStart(anchor, tag) => {
                is_core(tag.as_deref(), "seq")?;
                self.begin(Kind::Array, '[', anchor, at)
            }
            Event::MappingStart(anchor, tag) => {
                is_core(tag.as_deref(), "map")?;
                let kind = Kind::Object { names: HashSet::new(), is_value_due: false };
                self.begin(kind, '{', anchor, at)
            }
            Event::SequenceEnd => {
                self.end(']');
                Ok(())
            }
            Event::MappingEnd => {
                self.end('}');
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar::read(&text, style, tag.as_deref())?;
                if self.is_name_due() {
                    return self.name(scalar, style, anchor, at);
                }
                self.before_value(at);
                let start = self.json.text.len();
                scalar.write(&mut self.json.text)?;
                self.anchored(anchor, start, 0);
                // serde_json looks at the byte after a number before it says what is wrong.
                self.json.text.push(' ');
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, at),
        }
    }

    fn is_name_due(&self) -> bool {
        let due = self.open.last().map(|open| &open.kind);
        matches!(due, Some(Kind::Object { is_value_due: false, .. }))
    }

    /// What stands between values, and the place of the next one.
    fn before_value(&mut self, at: Place) {
        if let Some(open) = self.open.last_mut() {
            match &mut open.kind {
                Kind::Array if !open.is_empty => self.json.text.push(','),
                Kind::Array => {}
                Kind::Object { is_value_due, .. } => *is_value_due = false,
            }
            open.is_empty = false;
        }
        self.json.places.push((self.json.text.len(), at));
    }

    fn name(
        &mut self,
        scalar: Scalar,
        style: ScalarStyle,
        anchor: usize,
        at: Place,
    ) -> Result<(), String> {
        let Scalar::Text(name) = scalar else {
            return Err("expected the name of a field; in quotes it would be one".to_owned());
        };
        if name == "<<" && style == ScalarStyle::Plain {
            return Err("YAML 1.2 has no merge keys: expected the name of a field".to_owned());
        }
        let text = &mut self.json.text;
        let Some(Open { kind: Kind::Object { names, is_value_due }, is_empty, .. }) =
            self.open.last_mut()
        else {
            return Ok(());
        };
        if !std::mem::take(is_empty) {
            text.push(',');
        }
        *is_value_due = true;
        let start = text.len();
        self.json.places.push((start, at));
        text.push_str(&serde_json::Value::from(name.as_str()).to_string());
        let end = text.len();
        text.push(':');
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { start, end, height: 0 });
        }
        if !names.insert(name.clone()) {
            return Err(format!("the field `{name}` stands twice: expected each field once"));
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, bracket: char, anchor: usize, at: Place) -> Result<(), String> {
        if self.is_name_due() {
            return Err("expected the name of a field".to_owned());
        }
        self.before_value(at);
        let start = self.json.text.len();
        self.json.text.push(bracket);
        self.open.push(Open { kind, at, start, anchor, is_empty: true, height: 0 });
        self.is_within_depth(0)
    }

    fn end(&mut self, bracket: char) {
        let Some(Open { at, start, anchor, height, .. }) = self.open.pop() else {
            return;
        };
        self.json.places.push((self.json.text.len(), at));
        self.json.text.push(bracket);
        self.anchored(anchor, start, height + 1);
    }

    /// Remembers what came, for aliases, and how deep it was.
    fn anchored(&mut self, anchor: usize, start: usize, height: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { start, end: self.json.text.len(), height });
        }
        if let Some(around) = self.open.last_mut() {
            around.height = around.height.max(height);
        }
    }

    /// Whether there is room for so much below what is open.
    fn is_within_depth(&self, height: usize) -> Result<(), String> {
        if self.open.len() + height <= MAX_DEPTH {
            return Ok(());
        }
        Err(format!("too deep: expected at most {MAX_DEPTH} arrays and objects in each other"))
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Result<(), String> {
        if self.is_name_due() {
            return Err("an alias stands here: expected the name of a field".to_owned());
        }
        let Some(Anchored { start, end, height }) = self.anchors.get(&anchor) else {
            return Err("this alias stands within what it stands for".to_owned());
        };
        let (source, height) = (*start..*end, *height);
        self.is_within_depth(height)?;
        self.aliased += source.len();
        if self.aliased > MAX_ALIASED {
            let most = MAX_ALIASED >> 20;
            return Err(format!("the aliases stand for more than {most} MiB: expected less"));
        }
        self.before_value(at);
        self.json.text.extend_from_within(source);
        self.json.text.push(' ');
        self.anchored(0, 0, height);
        Ok(())
    }
}

const ONE_DOCUMENT: &str = "a second document begins: expected one only";

fn is_core(tag: Option<&Tag>, suffix: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == suffix) => {
            Err(scalar::unknown_tag(tag))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
