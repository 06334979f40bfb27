//! Checks a request against the contract: method, path, credentials, no header unknown to the
//! contract and to HTTP, and no body, because no operation has one.

use serde_json::Value;

use crate::Checked;
use crate::contract::{Contract, Operation, entries, text};
use crate::http::Request;

/// Headers of HTTP itself. Any other header must be in the contract.
const PLUMBING: [&str; 4] = ["accept", "accept-encoding", "host", "user-agent"];

/// Checks a request, and returns its operation id.
pub fn check<'a>(contract: &'a Contract, request: &Request) -> Checked<&'a str> {
    let operation = operation(contract, request)?;
    credentials(contract, operation, request)?;
    for name in request.headers.names() {
        if name != "authorization" && !PLUMBING.contains(&name) {
            return Err(format!("{}: undeclared header {name}", operation.id).into());
        }
    }
    if operation.node.get("parameters").or(operation.node.get("requestBody")).is_some() {
        return Err(format!("{}: no check here knows parameters and bodies", operation.id).into());
    }
    if !request.body.is_empty() {
        return Err(format!("{}: a body of {} bytes", operation.id, request.body.len()).into());
    }
    accepts_all_responses(contract, operation, request)?;
    Ok(operation.id)
}

fn operation<'a>(contract: &'a Contract, request: &Request) -> Checked<Operation<'a>> {
    let base = contract.base_path()?;
    let path = request.target.strip_prefix(base);
    let found = contract
        .operations()?
        .into_iter()
        .find(|operation| Some(operation.path) == path && operation.method == request.method);
    found.ok_or_else(|| format!("no operation {} {}", request.method, request.target).into())
}

/// Checks that the header `Authorization` is exactly what the security scheme of the operation
/// requires.
fn credentials(contract: &Contract, operation: Operation<'_>, request: &Request) -> Checked {
    let required = operation.node.get("security").or(contract.document().get("security"));
    let required = required.and_then(|required| required.get(0)).unwrap_or(&Value::Null);
    let sent = request.headers.get("authorization");
    let Some((name, _)) = entries(required).next() else {
        return if sent.is_none() { Ok(()) } else { Err("undeclared credentials".into()) };
    };
    let scheme = contract.at(&format!("/components/securitySchemes/{name}"))?;
    if (text(scheme, "type"), text(scheme, "scheme")) != (Some("http"), Some("bearer")) {
        return Err(format!("no check here knows the security scheme {name}").into());
    }
    // RFC 6750, 2.1: one space, then b64token.
    let key = sent.ok_or("no credentials")?.strip_prefix("Bearer ").ok_or("not a bearer key")?;
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if key.is_empty() || !key.bytes().all(alphabet) {
        return Err("the key is no b64token".into());
    }
    Ok(())
}

fn accepts_all_responses(
    contract: &Contract,
    operation: Operation<'_>,
    request: &Request,
) -> Checked {
    let accepted = request.headers.get("accept").unwrap_or("*/*");
    for (status, response) in entries(&operation.node["responses"]) {
        for (media_type, _) in entries(&contract.resolved(response)?["content"]) {
            if accepted != media_type && accepted != "*/*" {
                return Err(format!("{status} is {media_type}; accepted is {accepted}").into());
            }
        }
    }
    Ok(())
}
