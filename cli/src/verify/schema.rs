//! The places of a body, such as `data[].id`, and the validator for the whole of it.

use std::sync::Arc;

use jiff::Timestamp;
use jsonschema::{Draft, Keyword, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::contract::{Read, Unreadable, entries, resolve};
use super::severity::Source;

/// A keyword of ours for `type: integer`: `8450.0` is an integer of JSON Schema, and most readers of
/// integers reject it.
pub(super) const WHOLE: &str = "x-whole";
pub(super) const KNOWN_VALUES: &str = "x-known-values";
/// From here on, a number does not fit 64 bits.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// The schema of a body.
#[derive(Debug)]
pub(crate) struct BodySchema {
    /// The document with closed objects, to which the locations of errors refer.
    pub(crate) document: Arc<Value>,
    pub(crate) validator: Validator,
    pub(crate) root: Part,
    /// How many parts there are.
    pub(crate) parts: usize,
}

/// One place of a body.
#[derive(Debug)]
pub(crate) struct Part {
    /// Counted from 0, the body itself.
    pub(crate) id: usize,
    /// Such as `data[].connections[].wabaId`; empty for the body itself.
    pub(crate) path: String,
    /// Such as `a string`.
    pub(crate) expected: &'static str,
    /// The rule that the parent requires it, which a null violates also.
    pub(crate) required: Option<Source>,
    fields: Vec<(String, Part)>,
    items: Option<Box<Part>>,
}

impl BodySchema {
    /// The schema at a pointer of the document. Strings that are `exact` must have one value.
    pub(super) fn new(document: &Value, pointer: &str, exact: &Map<String, Value>) -> Read<Self> {
        let mut parts = 0;
        let root = Part::read(document, pointer, String::new(), None, &mut parts, &mut Vec::new())?;
        let exact: Map<_, _> =
            exact.iter().map(|(name, value)| (name.clone(), json!({ "const": value }))).collect();
        let mut closed = document.clone();
        close(&mut closed);
        if let Some(root) = closed.as_object_mut() {
            let parts = json!([{ "$ref": format!("#{pointer}") }, { "properties": exact }]);
            root.insert("allOf".to_owned(), parts);
        }
        Ok(Self { validator: validator(&closed)?, document: Arc::new(closed), root, parts })
    }
}

impl Part {
    fn read(
        document: &Value,
        pointer: &str,
        path: String,
        required: Option<Source>,
        parts: &mut usize,
        within: &mut Vec<String>,
    ) -> Read<Self> {
        let (pointer, schema) = resolve(document, pointer)?;
        let expected = match schema.get("type").and_then(Value::as_str) {
            Some("object") => "an object",
            Some("array") => "an array",
            Some("string") => "a string",
            Some("boolean") => "true or false",
            Some("number") => "a number",
            Some("integer") => "a whole number",
            _ => "another type",
        };
        let (mut fields, mut items) = (Vec::new(), None);
        let id = *parts;
        *parts += 1;
        // A schema within itself has no end.
        if !within.contains(&pointer) {
            within.push(pointer.clone());
            let names = schema.get("required").and_then(Value::as_array);
            for (name, _) in entries(schema.get("properties")) {
                let is_required =
                    names.is_some_and(|names| names.iter().any(|required| required == name));
                let required = is_required.then(|| Source::of(document, &pointer, "required"));
                let dot = if path.is_empty() { "" } else { "." };
                let below = format!("{pointer}/properties/{}", escape(name));
                let path = format!("{path}{dot}{name}");
                let part = Self::read(document, &below, path, required, parts, within)?;
                fields.push((name.to_owned(), part));
            }
            if schema.get("items").is_some() {
                let below = format!("{pointer}/items");
                let path = format!("{path}[]");
                items = Some(Self::read(document, &below, path, None, parts, within)?.into());
            }
            within.pop();
        }
        Ok(Self { id, path, expected, required, fields, items })
    }

    /// The part at a JSON pointer of a body, and the place, such as `data[17].name`.
    pub(crate) fn at(&self, pointer: &str) -> Option<(&Self, String)> {
        let (mut part, mut place) = (self, String::new());
        for segment in pointer.split('/').skip(1) {
            if let Some(items) = &part.items {
                place = format!("{place}[{segment}]");
                part = items;
            } else {
                part = part.field(&segment.replace("~1", "/").replace("~0", "~"))?;
                let name = part.path.rsplit('.').next().unwrap_or_default();
                let dot = if place.is_empty() { "" } else { "." };
                place = format!("{place}{dot}{name}");
            }
        }
        Some((part, place))
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, part)| part)
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.fields.iter().map(|(name, part)| (name.as_str(), part))
    }

    pub(crate) fn items(&self) -> Option<&Self> {
        self.items.as_deref()
    }

    /// This part and all below it, in the order of the contract.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        self.fields.iter().for_each(|(_, part)| part.each(visit));
        self.items.iter().for_each(|part| part.each(visit));
    }
}

/// A validator with our keywords, for a schema without references to elsewhere.
pub(super) fn validator(schema: &Value) -> Read<Validator> {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_keyword(WHOLE, |_, _, _| Ok(rule(is_whole)))
        .with_keyword(KNOWN_VALUES, |_, known, _| {
            let known = known.clone();
            Ok(rule(move |value| value.as_str().is_none_or(|text| known.get(text).is_some())))
        })
        .with_keyword("format", |_, format, _| match format.as_str() {
            Some("date-time") => Ok(rule(|value| {
                value.as_str().is_none_or(|text| text.parse::<Timestamp>().is_ok())
            })),
            Some("int64") => Ok(rule(|value| !value.is_number() || fits_64_bits(value))),
            _ => Err(ValidationError::schema(format!("the format {format} is not supported"))),
        });
    options.build(schema).map_err(|error| Unreadable(error.to_string()))
}

/// Closes objects, so that unknown fields are found, and marks integers.
fn close(node: &mut Value) {
    match node {
        Value::Object(map) => {
            map.values_mut().for_each(close);
            if map.contains_key("properties") && map.contains_key("type") {
                map.insert("additionalProperties".to_owned(), false.into());
            }
            if map.get("type").is_some_and(|kind| kind == "integer") {
                map.insert(WHOLE.to_owned(), true.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A number that is written with a fraction or an exponent is read as a float. So is one that is
/// too large for 64 bits, which another rule finds.
fn is_whole(value: &Value) -> bool {
    !value.is_f64() || !fits_64_bits(value)
}

fn fits_64_bits(value: &Value) -> bool {
    value.is_i64() || value.as_f64().is_some_and(|number| number.abs() < TWO_TO_63)
}

struct Rule(Box<dyn Fn(&Value) -> bool + Send + Sync>);

fn rule(is_valid: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Box<dyn for<'a> Keyword<'a>> {
    Box::new(Rule(Box::new(is_valid)))
}

impl<'i> Keyword<'i> for Rule {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if (self.0)(instance) { Ok(()) } else { Err(ValidationError::custom("")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        (self.0)(instance)
    }
}
