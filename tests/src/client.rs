//! Checks of how the client reads the documents of the contract, sent by a server over raw sockets.

use partner_api::{Client, ErrorKind, RetryPolicy};
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::Checked;
use crate::contract::{Contract, Reading, entries, items};
use crate::generate;
use crate::http::Response;
use crate::peer::Peer;

/// The calls of the client, each with its operation in the contract.
pub const CALLS: [(&str, &str); 2] = [("companies", "listCompanies"), ("wallet", "getWallet")];

/// Makes the call of an operation, and serializes its result as the document that the service sent.
pub async fn call(client: &Client, operation: &str) -> Checked<String> {
    Ok(match operation {
        "listCompanies" => {
            let response = client.companies().with_response().await?;
            let beside = response
                .unknown_fields
                .iter()
                .map(|(name, json)| Ok(format!("{}:{json},", to_json(name)?)));
            let beside = beside.collect::<Checked<String>>()?;
            format!(r#"{{{beside}"data":{}}}"#, to_json(&response.value)?)
        }
        "getWallet" => to_json(&client.wallet().await?)?,
        _ => return Err(format!("the client has no call for {operation}").into()),
    })
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Checked<String> {
    Ok(serde_json::to_string(value)?)
}

/// Makes a client without retries.
pub fn at(base_url: &str, key: &str) -> Checked<Client> {
    let builder = Client::builder().base_url(base_url).api_key(key);
    Ok(builder.retry(RetryPolicy::never()).build()?)
}

/// Checks that the client reads every response document that the contract allows, and writes it
/// back unchanged.
pub fn keeps_every_document(contract: &Contract, operation: &str, reading: Reading) -> Checked {
    let served = Served::start()?;
    let schema = contract.body_schema(operation, "200")?;
    let documents = generate::documents(contract, schema, reading)?;
    generate::for_each(&documents, |document| {
        let written = served.call(operation, 200, &document.to_string())?;
        let written: Value = serde_json::from_str(&written)?;
        if written == *document {
            Ok(())
        } else {
            Err(format!("sent was {document}\nwritten is {written}").into())
        }
    })
}

/// Checks that a document without one of its required fields is an error of the client that names
/// the path of that field.
pub fn names_every_missing_field(contract: &Contract, operation: &str) -> Checked {
    let served = Served::start()?;
    let schema = contract.body_schema(operation, "200")?;
    let documents = generate::documents(contract, schema, Reading::Closed)?;
    generate::for_each(&documents, |document| {
        for (path, lacking) in without_each_required_field(contract, schema, document)? {
            let error = match served.call(operation, 200, &lacking.to_string()) {
                Ok(_) => return Err(format!("nothing is said of a missing {path}").into()),
                Err(error) => error.downcast::<partner_api::Error>()?,
            };
            match error.kind() {
                ErrorKind::Decode(problem) if problem.path == path => {}
                _ => return Err(format!("of a missing {path} is said: {error}").into()),
            }
        }
        Ok(())
    })
}

/// A server, a client for it, and the runtime of both.
#[derive(Debug)]
pub struct Served {
    peer: Peer,
    client: Client,
    runtime: Runtime,
}

impl Served {
    /// Starts the server.
    pub fn start() -> Checked<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let peer = runtime.block_on(Peer::start(Vec::new()))?;
        let client = at(&peer.url(), "pk_live_xxx")?;
        Ok(Self { peer, client, runtime })
    }

    /// As [`call`], with the response of the server.
    pub fn call(&self, operation: &str, status: u16, body: &str) -> Checked<String> {
        self.peer.set_response(Response::json(status, body));
        self.runtime.block_on(call(&self.client, operation))
    }
}

/// Returns the document once for each required field, without that field, and the path of the
/// field.
fn without_each_required_field(
    contract: &Contract,
    schema: &Value,
    document: &Value,
) -> Checked<Vec<(String, Value)>> {
    let schema = contract.resolved(schema)?;
    let mut lacking = Vec::new();
    for name in items(schema, "required").filter_map(Value::as_str) {
        let mut lacks = document.clone();
        lacks.as_object_mut().and_then(|fields| fields.remove(name));
        lacking.push((name.into(), lacks));
    }
    for (name, property) in entries(&schema["properties"]) {
        for (path, part) in without_each_required_field(contract, property, &document[name])? {
            let separator = if path.starts_with('[') { "" } else { "." };
            let lacks = with(document, &format!("/{name}"), part);
            lacking.push((format!("{name}{separator}{path}"), lacks));
        }
    }
    for (index, item) in document.as_array().into_iter().flatten().enumerate() {
        for (path, part) in without_each_required_field(contract, &schema["items"], item)? {
            let lacks = with(document, &format!("/{index}"), part);
            lacking.push((format!("[{index}].{path}"), lacks));
        }
    }
    Ok(lacking)
}

/// Returns the document with another value at this JSON pointer.
fn with(document: &Value, pointer: &str, part: Value) -> Value {
    let mut document = document.clone();
    if let Some(place) = document.pointer_mut(pointer) {
        *place = part;
    }
    document
}
