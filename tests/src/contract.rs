//! The contract: its operations, responses and schemas, read as open or, to check a writer, as
//! closed.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::Checked;

/// The contract as it is published.
pub const TEXT: &str = include_str!("../../mock-server/openapi.yaml");

/// The keywords that a schema of the contract may have. Any other keyword is an error, so that a
/// misspelt one is not ignored.
const KEYWORDS: [&str; 21] = [
    "const",
    "$ref",
    "allOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "not",
    "pattern",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "type",
    "uniqueItems",
];

/// The contract, read.
#[derive(Clone, Debug)]
pub struct Contract {
    document: Value,
}

/// One operation of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Its `operationId`.
    pub id: &'a str,
    /// Its method, in upper case.
    pub method: &'static str,
    /// Its path below the base path.
    pub path: &'a str,
    /// The operation object.
    pub node: &'a Value,
}

/// How a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As written: undeclared fields and unknown enum values are allowed.
    Open,
    /// For a writer: undeclared fields and unknown enum values are errors.
    Closed,
}

impl Contract {
    /// The contract as it is published.
    pub fn published() -> Checked<Self> {
        Self::parse(TEXT)
    }

    /// A copy of the published contract in which every occurrence of a text is replaced.
    pub fn altered(from: &str, to: &str) -> Checked<Self> {
        if !TEXT.contains(from) {
            return Err(format!("the contract does not contain {from:?}").into());
        }
        Self::parse(&TEXT.replace(from, to))
    }

    /// Reads YAML, and rejects duplicate keys.
    pub fn parse(yaml: &str) -> Checked<Self> {
        // Through a YAML value: a JSON value would silently take the last of duplicate keys.
        let document: yaml_serde::Value = yaml_serde::from_str(yaml)?;
        Ok(Self { document: serde_json::to_value(document)? })
    }

    /// The whole document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The part at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Checked<&Value> {
        self.document.pointer(pointer).ok_or_else(|| format!("nothing at {pointer}").into())
    }

    /// The part itself, or what it refers to.
    pub fn resolved<'a>(&'a self, part: &'a Value) -> Checked<&'a Value> {
        match text(part, "$ref") {
            None => Ok(part),
            Some(reference) => {
                let pointer = reference.strip_prefix('#').ok_or("a reference to elsewhere")?;
                self.resolved(self.at(pointer)?)
            }
        }
    }

    /// Every operation.
    pub fn operations(&self) -> Checked<Vec<Operation<'_>>> {
        const METHODS: [(&str, &str); 8] = [
            ("get", "GET"),
            ("put", "PUT"),
            ("post", "POST"),
            ("delete", "DELETE"),
            ("options", "OPTIONS"),
            ("head", "HEAD"),
            ("patch", "PATCH"),
            ("trace", "TRACE"),
        ];
        let mut operations = Vec::new();
        for (path, item) in entries(self.at("/paths")?) {
            for (key, method) in METHODS {
                if let Some(node) = item.get(key) {
                    let id = text(node, "operationId").ok_or("an operation without operationId")?;
                    operations.push(Operation { id, method, path, node });
                }
            }
        }
        Ok(operations)
    }

    /// The operation with this `operationId`.
    pub fn operation(&self, id: &str) -> Checked<Operation<'_>> {
        let found = self.operations()?.into_iter().find(|operation| operation.id == id);
        found.ok_or_else(|| format!("no operation {id}").into())
    }

    /// The base path of every operation.
    pub fn base_path(&self) -> Checked<&str> {
        let url = self.at("/servers/0/url")?.as_str().unwrap_or_default();
        let (_, rest) = url.split_once("://").ok_or("a server without a scheme")?;
        Ok(rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default())
    }

    /// The response object for a request and the status of its response. A request that is not an
    /// operation of the contract must get the response for an unknown path or a wrong method.
    pub fn response(&self, method: &str, target: &str, status: u16) -> Checked<&Value> {
        let path = target.strip_prefix(self.base_path()?).unwrap_or_default();
        // RFC 9110, 9.3.2: the response to HEAD is that to GET, without the content.
        let method = if method == "HEAD" { "GET" } else { method };
        let operations = self.operations()?;
        let mut here = operations.iter().filter(|one| one.path == path).peekable();
        let path_is_known = here.peek().is_some();
        let (response, expected) = match here.find(|one| one.method == method) {
            Some(one) => (one.node.pointer(&format!("/responses/{status}")), status),
            None if path_is_known => {
                (self.document.pointer("/components/responses/WrongMethod"), 405)
            }
            None => (self.document.pointer("/components/responses/UnknownPath"), 404),
        };
        match response {
            Some(response) if status == expected => self.resolved(response),
            _ => Err(format!("{method} {target}: the contract knows no response {status}").into()),
        }
    }

    /// The media type object of a response's JSON body.
    pub fn body(&self, id: &str, status: &str) -> Checked<&Value> {
        let operation = self.operation(id)?;
        let response = operation.node.pointer(&format!("/responses/{status}"));
        let response = self.resolved(response.ok_or("no such status")?)?;
        let body = response.pointer("/content/application~1json");
        body.ok_or_else(|| "no JSON body".into())
    }

    /// The schema of a response's JSON body.
    pub fn body_schema(&self, id: &str, status: &str) -> Checked<&Value> {
        Ok(&self.body(id, status)?["schema"])
    }

    /// Validates an instance. The error lists what is wrong.
    pub fn validate(&self, schema: &Value, reading: Reading, instance: &Value) -> Checked {
        let validator = self.validator(schema, reading)?;
        judged(&validator, instance)
    }

    fn validator(&self, schema: &Value, reading: Reading) -> Checked<Validator> {
        let mut named = Map::new();
        for (name, schema) in entries(self.at("/components/schemas")?) {
            named.insert(name.into(), read(schema, reading)?);
        }
        let root = json!({
            "allOf": [read(schema, reading)?],
            "components": { "schemas": named },
        });
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        Ok(options.should_validate_formats(true).build(&root).map_err(|error| error.to_string())?)
    }
}

/// The errors of a validator, each with its place, and no more than a person reads.
pub fn judged(validator: &Validator, instance: &Value) -> Checked {
    let wrong: Vec<String> = validator
        .iter_errors(instance)
        .take(10)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A text field of an object.
pub fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

/// The entries of an object; no entries of any other value.
pub fn entries(node: &Value) -> impl Iterator<Item = (&str, &Value)> {
    node.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The items of an array that is a field of an object; no items of any other value.
pub fn items<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    node.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A schema and its subschemas, changed for this reading.
fn read(schema: &Value, reading: Reading) -> Checked<Value> {
    let mut result = Map::new();
    for (key, value) in entries(schema) {
        let value = match key {
            "additionalProperties" if value.is_boolean() => value.clone(),
            "items" | "additionalProperties" => read(value, reading)?,
            "anyOf" | "oneOf" => value
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| read(one, reading))
                .collect::<Checked<Vec<_>>>()?
                .into(),
            "properties" => entries(value)
                .map(|(name, property)| Ok((name.to_owned(), read(property, reading)?)))
                .collect::<Checked<Map<_, _>>>()?
                .into(),
            _ if KEYWORDS.contains(&key) || key.starts_with("x-") => value.clone(),
            _ => return Err(format!("a schema says {key}, which no check here knows").into()),
        };
        result.insert(key.into(), value);
    }
    // JSON Schema gives this format no meaning; OpenAPI does.
    if text(schema, "format") == Some("int64") {
        result.entry("minimum").or_insert(i64::MIN.into());
        result.insert("maximum".into(), i64::MAX.into());
    }
    if reading == Reading::Closed {
        if result.contains_key("properties") {
            result.insert("unevaluatedProperties".into(), false.into());
        }
        if let Some(words) = result.get("x-known-values") {
            let words: Vec<&str> = entries(words).map(|(word, _)| word).collect();
            result.insert("enum".into(), words.into());
        }
    }
    Ok(result.into())
}
