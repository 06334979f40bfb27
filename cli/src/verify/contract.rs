//! The requests to send and the response that each must get, read from the document: the next
//! endpoint is one more path there.

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::schema::{BodySchema, validator};
use super::severity::Source;
use crate::remote::Credentials;

/// The examples of a 401, by name, for a request without a key and with one that nobody has.
const UNAUTHORIZED: [(Credentials, &str); 2] =
    [(Credentials::NoKey, "missing_bearer_token"), (Credentials::UnknownKey, "invalid_token")];

/// A part of the contract that cannot be checked or read.
#[derive(Debug, thiserror::Error)]
#[error("the contract: {0}")]
pub(crate) struct Unreadable(pub(crate) String);

pub(crate) type Read<T> = Result<T, Unreadable>;

/// Everything that can be requested.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) version: String,
    pub(crate) exchanges: Vec<Exchange>,
    /// Operations that no `GET` without parameters reaches, and why.
    pub(crate) left_out: Vec<(String, &'static str)>,
}

/// One request, and the response that it must get.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) operation: String,
    pub(crate) path: String,
    pub(crate) credentials: Credentials,
    pub(crate) status: u16,
    pub(crate) content_types: Vec<String>,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: BodySchema,
}

/// A header that the contract declares.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) required: Option<Source>,
    pub(crate) schema: Validator,
    pub(crate) pattern: Option<(String, Source)>,
}

impl Contract {
    pub(crate) fn read(document: &Value) -> Read<Self> {
        let version = document.pointer("/info/version").and_then(Value::as_str);
        let mut contract = Self {
            version: version.unwrap_or_default().to_owned(),
            exchanges: Vec::new(),
            left_out: Vec::new(),
        };
        for (path, item) in entries(document.get("paths")) {
            for (method, operation) in entries(Some(item)) {
                let id = operation.get("operationId").and_then(Value::as_str);
                let id = id.unwrap_or(path).to_owned();
                if method != "get" {
                    contract.left_out.push((id, "it is not a GET, and may write"));
                } else if path.contains('{') {
                    contract.left_out.push((id, "its path has parameters"));
                } else {
                    contract.exchanges.extend(exchanges(document, &id, path, operation)?);
                }
            }
        }
        Ok(contract)
    }
}

fn exchanges(document: &Value, operation: &str, path: &str, node: &Value) -> Read<Vec<Exchange>> {
    let mut exchanges = Vec::new();
    let security = node.get("security").or(document.get("security"));
    let needs_key = security.and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    for (status, _) in entries(node.get("responses")) {
        let pointer = format!("/paths/{}/get/responses/{status}", path.replace('/', "~1"));
        let (pointer, response) = resolve(document, &pointer)?;
        let exchange = |credentials, exact: &Map<String, Value>| {
            let schema = format!("{pointer}/content/application~1json/schema");
            let headers = entries(response.get("headers"));
            Ok(Exchange {
                operation: operation.to_owned(),
                path: path.to_owned(),
                credentials,
                status: status.parse().map_err(|_| {
                    Unreadable(format!("{operation}: the status {status} is not supported"))
                })?,
                content_types: entries(response.get("content"))
                    .map(|(name, _)| name.to_owned())
                    .collect(),
                headers: headers
                    .map(|(name, _)| header(document, name, &format!("{pointer}/headers/{name}")))
                    .collect::<Read<_>>()?,
                body: BodySchema::new(document, &schema, exact)?,
            })
        };
        match status {
            "401" if needs_key => {
                for (credentials, example) in UNAUTHORIZED {
                    let example = format!("{pointer}/content/application~1json/examples/{example}");
                    let (_, example) = resolve(document, &format!("{example}/value"))?;
                    let no_fields = Map::new();
                    let exact = example.as_object().unwrap_or(&no_fields);
                    exchanges.push(exchange(credentials, exact)?);
                }
            }
            _ if status.starts_with('2') => {
                exchanges.push(exchange(Credentials::Key, &Map::new())?);
            }
            _ => {
                return Err(Unreadable(format!("{operation}: no way to cause {status} is known")));
            }
        }
    }
    Ok(exchanges)
}

fn header(document: &Value, name: &str, pointer: &str) -> Read<Header> {
    let (pointer, header) = resolve(document, pointer)?;
    let (schema_pointer, schema) = resolve(document, &format!("{pointer}/schema"))?;
    let is_required = header.get("required") == Some(&Value::Bool(true));
    let pattern = schema.get("pattern").and_then(Value::as_str);
    Ok(Header {
        name: name.to_owned(),
        required: is_required.then(|| Source::of(document, &pointer, "required")),
        schema: validator(schema)?,
        pattern: pattern
            .map(|pattern| (pattern.to_owned(), Source::of(document, &schema_pointer, "pattern"))),
    })
}

/// The node at a pointer, or the one that it refers to, and the pointer of that one.
pub(super) fn resolve<'a>(document: &'a Value, pointer: &str) -> Read<(String, &'a Value)> {
    let mut pointer = pointer.to_owned();
    for _ in 0..16 {
        let node = document.pointer(&pointer);
        let node = node.ok_or_else(|| Unreadable(format!("nothing at {pointer}")))?;
        match node.get("$ref").and_then(Value::as_str) {
            None => return Ok((pointer, node)),
            Some(reference) => reference.trim_start_matches('#').clone_into(&mut pointer),
        }
    }
    Err(Unreadable(format!("{pointer}: too many references")))
}

/// The entries of an object; no entries of any other value.
pub(super) fn entries(node: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let object = node.and_then(Value::as_object).into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use partner_api_mock::contract_json;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(contract_json()).unwrap()
    }

    /// The published contract with one change.
    fn altered(pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut document = document();
        change(document.pointer_mut(pointer).unwrap());
        document
    }

    fn requests(document: &Value) -> Vec<(String, Credentials, u16)> {
        let exchanges = Contract::read(document).unwrap().exchanges;
        exchanges.into_iter().map(|one| (one.path, one.credentials, one.status)).collect()
    }

    #[test]
    fn each_call_of_the_contract_is_made_for_each_of_its_responses() {
        let expected: Vec<_> = ["/companies", "/wallet"]
            .into_iter()
            .flat_map(|path| {
                [(Credentials::Key, 200), (Credentials::NoKey, 401), (Credentials::UnknownKey, 401)]
                    .map(|(with, status)| (path.to_owned(), with, status))
            })
            .collect();
        assert_eq!(requests(&document()), expected);
        assert!(Contract::read(&document()).unwrap().left_out.is_empty());
    }

    #[test]
    fn the_next_endpoint_is_one_path_more_in_the_document() {
        let document = altered("/paths", |paths| {
            let mut stats = paths["/wallet"].clone();
            stats["get"]["operationId"] = "getStats".into();
            paths["/stats"] = stats;
        });
        assert_eq!(requests(&document).iter().filter(|(path, ..)| path == "/stats").count(), 3);
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
    fn what_cannot_be_checked_is_an_error() {
        let schemas = "/components/schemas";
        for (pointer, change, expected) in [
            ("/Wallet/properties/currency/type", json!("text"), "type"),
            ("/Wallet/properties/currency/pattern", json!("("), "("),
            ("/Wallet/properties/balance/format", json!("int32"), "the format \"int32\""),
            ("/CompanyList/properties/data/items", json!({"$ref": "#/x"}), "nothing at /x"),
        ] {
            let (parent, last) = pointer.rsplit_once('/').unwrap();
            let document = altered(&format!("{schemas}{parent}"), |parent| parent[last] = change);
            let error = Contract::read(&document).unwrap_err().to_string();
            assert!(error.contains(expected), "{pointer}: {error}");
        }
        let document = altered("/paths/~1wallet/get/responses", |responses| {
            responses["404"] = responses["401"].clone();
        });
        let error = Contract::read(&document).unwrap_err().to_string();
        assert!(error.contains("no way to cause 404"), "{error}");
    }

    #[test]
    fn a_schema_within_itself_ends() {
        let document = altered("/components/schemas/Company/properties", |properties| {
            properties["parent"] = json!({"$ref": "#/components/schemas/Company"});
        });
        let contract = Contract::read(&document).unwrap();
        assert!(contract.exchanges[0].body.root.at("/data/0/parent").is_some());
    }
}
