//! Checks a response against the contract, strictly: status, headers, content type, and a body
//! without undeclared fields.

use serde_json::Value;

use crate::Checked;
use crate::contract::{Contract, Reading, entries, text};
use crate::http::Response;

/// Headers of HTTP itself. Any other header must be in the contract.
const PLUMBING: [&str; 4] = ["connection", "content-length", "content-type", "date"];

/// Checks the response to a method and target.
pub fn check(contract: &Contract, method: &str, target: &str, response: &Response) -> Checked {
    let declared = contract.response(method, target, response.status)?;
    headers(contract, declared, response)?;
    let (media_type, content) = entries(&declared["content"]).next().ok_or("no content")?;
    let sent = response.headers.get("content-type").unwrap_or("nothing");
    if sent != media_type {
        return Err(format!("content type is {sent}, not {media_type}").into());
    }
    let length = response.headers.get("content-length").and_then(|length| length.parse().ok());
    if method == "HEAD" {
        return if response.body.is_empty() { Ok(()) } else { Err("HEAD was sent a body".into()) };
    }
    if length != Some(response.body.len()) {
        return Err(
            format!("content-length is {length:?} for {} bytes", response.body.len()).into()
        );
    }
    let body: Value = serde_json::from_slice(&response.body)?;
    contract.validate(&content["schema"], Reading::Closed, &body)
}

fn headers(contract: &Contract, declared: &Value, response: &Response) -> Checked {
    let documented = declared.get("headers").unwrap_or(&Value::Null);
    for (name, header) in entries(documented) {
        let header = contract.resolved(header)?;
        match response.headers.get(&name.to_ascii_lowercase()) {
            Some(value) => {
                let value = Value::from(value);
                contract.validate(&header["schema"], Reading::Closed, &value)?;
            }
            None if header["required"] == true => return Err(format!("no header {name}").into()),
            None => {}
        }
    }
    for name in response.headers.names() {
        let known = entries(documented).any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !known && !PLUMBING.contains(&name) {
            let of = text(declared, "description").unwrap_or_default();
            return Err(format!("undeclared header {name} ({of})").into());
        }
    }
    Ok(())
}
