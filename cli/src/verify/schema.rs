//! A part of a body: what the contract's schema says of one place, such as `data[].id`.

use regex_lite::Regex;
use serde_json::Value;

use super::openapi::{Document, Read, Unreadable, entries, regex};
use super::severity::Source;

/// The keywords of a schema that are understood. Any other is an error, so that no rule of the
/// contract is passed over.
const KEYWORDS: [&str; 9] = [
    "$ref",
    "description",
    "format",
    "items",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
];

/// One place of a body.
#[derive(Debug)]
pub(crate) struct SchemaNode {
    /// Counted from 0, the body itself.
    pub(crate) id: usize,
    /// Such as `data[].connections[].wabaId`; the body itself has none.
    pub(crate) path: String,
    pub(crate) shape: Shape,
    /// What a null goes against.
    pub(crate) never_null: Source,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Object(Vec<Field>),
    Array(Box<SchemaNode>),
    Leaf(Leaf),
}

/// A field that the contract declares.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: Option<Source>,
    pub(crate) part: SchemaNode,
}

/// A value that has no parts.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) kind: LeafKind,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug)]
pub(crate) enum LeafKind {
    String,
    Boolean,
    Number,
    /// The contract's source is that of its being whole; that it is a number, the sample shows.
    Integer(Source),
}

/// What goes beyond the type.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) test: Test,
    pub(crate) source: Source,
}

#[derive(Debug)]
pub(crate) enum Test {
    /// `format: date-time`.
    DateTime,
    /// `format: int64`.
    Int64,
    Minimum(i64),
    Pattern(Regex),
    /// `x-known-values`, an open set.
    Known(Vec<String>),
    /// The one word that is due here.
    Exactly(String),
}

impl SchemaNode {
    pub(crate) fn expected(&self) -> &'static str {
        match &self.shape {
            Shape::Object(_) => "an object",
            Shape::Array(_) => "an array",
            Shape::Leaf(leaf) => match leaf.kind {
                LeafKind::String => "a string",
                LeafKind::Boolean => "true or false",
                LeafKind::Number => "a number",
                LeafKind::Integer(_) => "a whole number",
            },
        }
    }

    pub(crate) fn field_mut(&mut self, name: &str) -> Option<&mut Self> {
        match &mut self.shape {
            Shape::Object(fields) => {
                fields.iter_mut().find(|field| field.name == name).map(|field| &mut field.part)
            }
            _ => None,
        }
    }

    /// Takes one word only, in the place of those that are known.
    pub(crate) fn hold_to(&mut self, due: Test) {
        if let Shape::Leaf(leaf) = &mut self.shape {
            leaf.rules.retain(|rule| !matches!(rule.test, Test::Known(_)));
            leaf.rules.push(Rule { test: due, source: Source::documented() });
        }
    }

    /// This part and all below it, in the order of the contract.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match &self.shape {
            Shape::Object(fields) => fields.iter().for_each(|field| field.part.each(visit)),
            Shape::Array(element) => element.each(visit),
            Shape::Leaf(_) => {}
        }
    }
}

/// Reads the parts of a body, and counts them.
pub(super) struct SchemaNodes<'a> {
    document: Document<'a>,
    count: usize,
    /// The references that lead here: a schema within itself has no end.
    within: Vec<&'a str>,
}

impl<'a> SchemaNodes<'a> {
    /// The whole body, and how many parts it has.
    pub(super) fn of(document: Document<'a>, schema: &'a Value) -> Read<(SchemaNode, usize)> {
        let mut parts = Self { document, count: 0, within: Vec::new() };
        let body = parts.part(schema, String::new(), Source::documented())?;
        Ok((body, parts.count))
    }

    fn part(&mut self, schema: &'a Value, path: String, never_null: Source) -> Read<SchemaNode> {
        let (schema, reference) = self.document.resolved(schema)?;
        if let Some(reference) = reference {
            if self.within.contains(&reference) {
                return Err(Unreadable(format!("{reference} is within itself")));
            }
            self.within.push(reference);
        }
        for (keyword, _) in entries(Some(schema)) {
            if !KEYWORDS.contains(&keyword) && !keyword.starts_with("x-") {
                return Err(Unreadable(format!("{path}: the keyword {keyword} is not understood")));
            }
        }
        let id = self.count;
        self.count += 1;
        let shape = match schema.get("type").and_then(Value::as_str) {
            Some("object") => Shape::Object(self.fields(schema, &path)?),
            Some("array") => {
                let items = schema.get("items");
                let items =
                    items.ok_or_else(|| Unreadable(format!("{path}: an array of what?")))?;
                let element = self.part(items, format!("{path}[]"), Source::documented())?;
                Shape::Array(Box::new(element))
            }
            Some("string") => leaf(LeafKind::String, schema)?,
            Some("boolean") => leaf(LeafKind::Boolean, schema)?,
            Some("number") => leaf(LeafKind::Number, schema)?,
            Some("integer") => leaf(LeafKind::Integer(Source::of(schema, "type")), schema)?,
            _ => return Err(Unreadable(format!("{path}: no type that is understood"))),
        };
        if reference.is_some() {
            self.within.pop();
        }
        Ok(SchemaNode { id, path, shape, never_null })
    }

    fn fields(&mut self, schema: &'a Value, path: &str) -> Read<Vec<Field>> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut fields = Vec::new();
        for (name, property) in entries(schema.get("properties")) {
            let source = required.contains(&name).then(|| Source::of(schema, "required"));
            // What the contract says of a null, it says where it says that the field is there.
            let never_null = source.clone().unwrap_or_else(Source::documented);
            let dot = if path.is_empty() { "" } else { "." };
            let part = self.part(property, format!("{path}{dot}{name}"), never_null)?;
            fields.push(Field { name: name.to_owned(), required: source, part });
        }
        if required.len() != fields.iter().filter(|field| field.required.is_some()).count() {
            return Err(Unreadable(format!("{path}: a required field is not declared")));
        }
        Ok(fields)
    }
}

fn leaf(kind: LeafKind, schema: &Value) -> Read<Shape> {
    let mut rules = Vec::new();
    for (keyword, value) in entries(Some(schema)) {
        let test = match (keyword, value.as_str()) {
            ("format", Some("date-time")) => Test::DateTime,
            ("format", Some("int64")) => Test::Int64,
            ("format", _) => {
                return Err(Unreadable(format!("the format {value} is not understood")));
            }
            ("pattern", Some(pattern)) => Test::Pattern(regex(pattern)?),
            ("minimum", _) => {
                let minimum = value.as_i64();
                Test::Minimum(minimum.ok_or_else(|| Unreadable(format!("a minimum {value}")))?)
            }
            ("x-known-values", _) => {
                Test::Known(entries(Some(value)).map(|(word, _)| word.to_owned()).collect())
            }
            _ => continue,
        };
        let source = match test {
            Test::Known(_) => Source::addition(),
            _ => Source::of(schema, keyword),
        };
        rules.push(Rule { test, source });
    }
    Ok(Shape::Leaf(Leaf { kind, rules }))
}
