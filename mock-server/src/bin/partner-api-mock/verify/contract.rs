//! The contract as a list of what to ask and what must come: read from the document, so that the
//! next endpoint is one more path there.

use regex_lite::Regex;
use serde_json::Value;

use super::grade::Source;
use super::part::{Part, Parts, Test};

/// What the contract has that cannot be checked, or cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("the contract: {0}")]
pub(crate) struct Unreadable(pub(crate) String);

pub(crate) type Read<T> = Result<T, Unreadable>;

/// The examples of a 401, by name, and when each is due.
const WITHOUT_KEY: &str = "missing_bearer_token";
const MADE_UP_KEY: &str = "invalid_token";

/// Everything that can be asked.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) version: String,
    pub(crate) exchanges: Vec<Exchange>,
    /// Operations that no `GET` without parameters reaches, and why.
    pub(crate) left_out: Vec<(String, &'static str)>,
}

/// One request, and the answer that it must get.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) operation: String,
    pub(crate) path: String,
    pub(crate) with: With,
    pub(crate) status: u16,
    pub(crate) content_types: Vec<String>,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Part,
    /// How many parts the body has, itself included.
    pub(crate) parts: usize,
}

/// The key that a request comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With {
    Key,
    NoKey,
    MadeUpKey,
}

impl With {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "the key",
            Self::NoKey => "no key",
            Self::MadeUpKey => "a made-up key",
        }
    }
}

/// A header that the contract declares.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) required: Option<Source>,
    pub(crate) pattern: Option<(Regex, Source)>,
}

impl Contract {
    pub(crate) fn read(document: &Value) -> Read<Self> {
        let document = Document(document);
        let mut contract = Self {
            version: text(document.0, "/info/version")?.to_owned(),
            exchanges: Vec::new(),
            left_out: Vec::new(),
        };
        for (path, item) in entries(document.0.get("paths")) {
            for (method, operation) in entries(Some(item)) {
                let id = text(operation, "/operationId")?;
                if method != "get" {
                    contract.left_out.push((id.to_owned(), "it is not a GET, and may write"));
                } else if path.contains('{') {
                    contract.left_out.push((id.to_owned(), "its path has parameters"));
                } else {
                    contract.exchanges.extend(document.exchanges(id, path, operation)?);
                }
            }
        }
        Ok(contract)
    }
}

/// The contract's document, in which parts are referred to.
#[derive(Clone, Copy)]
pub(super) struct Document<'a>(&'a Value);

impl<'a> Document<'a> {
    /// The part itself, or what it refers to, with the way there.
    pub(super) fn resolved(self, part: &'a Value) -> Read<(&'a Value, Option<&'a str>)> {
        let Some(reference) = part.get("$ref").and_then(Value::as_str) else {
            return Ok((part, None));
        };
        let found = reference.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer));
        let found = found.ok_or_else(|| Unreadable(format!("nothing at {reference}")))?;
        Ok((found, Some(reference)))
    }

    fn exchanges(self, id: &str, path: &str, operation: &'a Value) -> Read<Vec<Exchange>> {
        let mut exchanges = Vec::new();
        let security = operation.get("security").or(self.0.get("security"));
        let is_guarded = security.and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        for (status, response) in entries(operation.get("responses")) {
            let (response, _) = self.resolved(response)?;
            let exchange = |with| self.exchange(id, path, with, status, response);
            match status {
                "401" if is_guarded => {
                    for (with, example) in
                        [(With::NoKey, WITHOUT_KEY), (With::MadeUpKey, MADE_UP_KEY)]
                    {
                        let mut exchange = exchange(with)?;
                        demand(&mut exchange, response, example)?;
                        exchanges.push(exchange);
                    }
                }
                _ if status.starts_with('2') => exchanges.push(exchange(With::Key)?),
                _ => return Err(Unreadable(format!("{id}: no way to cause {status} is known"))),
            }
        }
        Ok(exchanges)
    }

    fn exchange(
        self,
        id: &str,
        path: &str,
        with: With,
        status: &str,
        response: &'a Value,
    ) -> Read<Exchange> {
        let schema = response.pointer("/content/application~1json/schema");
        let schema = schema.ok_or_else(|| Unreadable(format!("{id} {status}: no JSON body")))?;
        let (body, parts) = Parts::of(self, schema)?;
        let headers = entries(response.get("headers"))
            .map(|(name, header)| self.header(name, header))
            .collect::<Read<_>>()?;
        Ok(Exchange {
            operation: id.to_owned(),
            path: path.to_owned(),
            with,
            status: status.parse().map_err(|_| Unreadable(format!("{id}: a status {status}")))?,
            content_types: entries(response.get("content"))
                .map(|(name, _)| name.to_owned())
                .collect(),
            headers,
            body,
            parts,
        })
    }

    fn header(self, name: &str, header: &'a Value) -> Read<Header> {
        let (header, _) = self.resolved(header)?;
        let schema = header.get("schema").unwrap_or(&Value::Null);
        let is_required = header.get("required") == Some(&Value::Bool(true));
        let pattern = match schema.get("pattern").and_then(Value::as_str) {
            Some(pattern) => Some((regex(pattern)?, Source::of(schema, "pattern"))),
            None => None,
        };
        Ok(Header {
            name: name.to_owned(),
            required: is_required.then(|| Source::of(header, "required")),
            pattern,
        })
    }
}

/// Holds a body to an example: each of its fields is due with this very text.
fn demand(exchange: &mut Exchange, response: &Value, example: &str) -> Read<()> {
    let pointer = format!("/content/application~1json/examples/{example}/value");
    let value = response.pointer(&pointer);
    let value = value.ok_or_else(|| Unreadable(format!("no example {example}")))?;
    for (name, value) in entries(Some(value)) {
        let due = value.as_str().map(|word| Test::Exactly(word.to_owned()));
        let part = exchange.body.field_mut(name);
        let (part, due) = part.zip(due).ok_or_else(|| {
            Unreadable(format!("the example {example} has no text of the schema at {name}"))
        })?;
        part.hold_to(due);
    }
    Ok(())
}

pub(super) fn regex(pattern: &str) -> Read<Regex> {
    Regex::new(pattern).map_err(|cause| Unreadable(format!("the pattern {pattern}: {cause}")))
}

/// The entries of an object, and none of anything else.
pub(super) fn entries(node: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let object = node.and_then(Value::as_object).into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

fn text<'a>(node: &'a Value, pointer: &str) -> Read<&'a str> {
    let found = node.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Unreadable(format!("no text at {pointer}")))
}
