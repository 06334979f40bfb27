//! The contract as a list of what to ask and what must come: read from the document, so that the
//! next endpoint is one more path there.

use regex_lite::Regex;
use serde_json::Value;

use super::openapi::{Document, Read, Unreadable, entries, regex, text};
use super::schema::{SchemaNode, SchemaNodes, Test};
use super::severity::Source;

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
    pub(crate) body: SchemaNode,
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
        let document = Document { root: document };
        let mut contract = Self {
            version: text(document.root, "/info/version")?.to_owned(),
            exchanges: Vec::new(),
            left_out: Vec::new(),
        };
        for (path, item) in entries(document.root.get("paths")) {
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

impl<'a> Document<'a> {
    fn exchanges(self, id: &str, path: &str, operation: &'a Value) -> Read<Vec<Exchange>> {
        let mut exchanges = Vec::new();
        let security = operation.get("security").or(self.root.get("security"));
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
        let (body, parts) = SchemaNodes::of(self, schema)?;
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

#[cfg(test)]
mod tests {
    use partner_api_mock::contract_json;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(contract_json()).unwrap()
    }

    /// The published contract with something else at a place.
    fn altered(pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut document = document();
        change(document.pointer_mut(pointer).unwrap());
        document
    }

    fn asked(document: &Value) -> Vec<(String, With, u16)> {
        let exchanges = Contract::read(document).unwrap().exchanges;
        exchanges.into_iter().map(|one| (one.path, one.with, one.status)).collect()
    }

    #[test]
    fn each_call_of_the_contract_is_asked_for_each_of_its_answers() {
        let expected: Vec<_> = ["/companies", "/wallet"]
            .into_iter()
            .flat_map(|path| {
                [(With::Key, 200), (With::NoKey, 401), (With::MadeUpKey, 401)]
                    .map(|(with, status)| (path.to_owned(), with, status))
            })
            .collect();
        assert_eq!(asked(&document()), expected);
        assert!(Contract::read(&document()).unwrap().left_out.is_empty());
    }

    #[test]
    fn the_next_endpoint_is_one_path_more_in_the_document() {
        let document = altered("/paths", |paths| {
            let mut stats = paths["/wallet"].clone();
            stats["get"]["operationId"] = "getStats".into();
            paths["/stats"] = stats;
        });
        assert_eq!(asked(&document).iter().filter(|(path, ..)| path == "/stats").count(), 3);
    }

    #[test]
    fn what_may_write_and_what_has_parameters_is_left_out_and_named() {
        let document = altered("/paths", |paths| {
            paths["/wallet/{id}"] = paths["/wallet"].clone();
            paths["/wallet"]["post"] = paths["/wallet"]["get"].clone();
        });
        let contract = Contract::read(&document).unwrap();
        assert_eq!((contract.exchanges.len(), contract.left_out.len()), (6, 2));
    }

    #[test]
    fn a_rule_that_is_not_understood_is_an_error_and_not_passed_over() {
        let schemas = "/components/schemas";
        for (pointer, change, expected) in [
            ("/Wallet/properties/currency/maxLength", json!(3), "keyword maxLength"),
            ("/Wallet/oneOf", json!([]), "keyword oneOf"),
            ("/Wallet/properties/currency/type", json!(["string", "null"]), "no type"),
            ("/Wallet/properties/currency/pattern", json!("("), "the pattern ("),
            ("/Wallet/properties/balance/format", json!("int32"), "the format \"int32\""),
            ("/Wallet/properties/costPerMessage/minimum", json!(0.5), "a minimum 0.5"),
            ("/Wallet/required/4", json!("tax"), "a required field is not declared"),
            ("/CompanyList/properties/data/items", json!({"$ref": "#/x"}), "nothing at #/x"),
            (
                "/CompanyList/properties/data/items",
                json!({"$ref": "#/components/schemas/CompanyList"}),
                "is within itself",
            ),
        ] {
            let (parent, last) = pointer.rsplit_once('/').unwrap();
            let document = altered(&format!("{schemas}{parent}"), |parent| match parent {
                Value::Array(items) => items.push(change),
                _ => parent[last] = change,
            });
            let error = Contract::read(&document).unwrap_err().to_string();
            assert!(error.contains(expected), "{pointer}: {error}");
        }
        let document = altered("/paths/~1wallet/get/responses", |responses| {
            responses["404"] = responses["401"].clone();
        });
        let error = Contract::read(&document).unwrap_err().to_string();
        assert!(error.contains("no way to cause 404"), "{error}");
    }
}
