//! An answer against the contract, strictly: status, headers, content type, and a body in which
//! nothing is undeclared.

use serde_json::Value;

use crate::Checked;
use crate::contract::{Contract, Reading, entries, text};
use crate::http::Answer;

/// What HTTP itself puts into an answer. Any other header must stand in the contract.
const PLUMBING: [&str; 4] = ["connection", "content-length", "content-type", "date"];

/// Checks the answer to a method and target.
pub fn check(contract: &Contract, method: &str, target: &str, answer: &Answer) -> Checked {
    let response = contract.response(method, target, answer.status)?;
    headers(contract, response, answer)?;
    let (media_type, content) = entries(&response["content"]).next().ok_or("no content")?;
    let sent = answer.headers.get("content-type").unwrap_or("nothing");
    if sent != media_type {
        return Err(format!("content type is {sent}, not {media_type}").into());
    }
    let length = answer.headers.get("content-length").and_then(|length| length.parse().ok());
    if method == "HEAD" {
        return if answer.body.is_empty() { Ok(()) } else { Err("HEAD was sent a body".into()) };
    }
    if length != Some(answer.body.len()) {
        return Err(format!("content-length is {length:?} for {} bytes", answer.body.len()).into());
    }
    let body: Value = serde_json::from_slice(&answer.body)?;
    contract.validate(&content["schema"], Reading::Closed, &body)
}

fn headers(contract: &Contract, response: &Value, answer: &Answer) -> Checked {
    let declared = response.get("headers").unwrap_or(&Value::Null);
    for (name, header) in entries(declared) {
        let header = contract.resolved(header)?;
        match answer.headers.get(&name.to_ascii_lowercase()) {
            Some(value) => {
                let value = Value::from(value);
                contract.validate(&header["schema"], Reading::Closed, &value)?;
            }
            None if header["required"] == true => return Err(format!("no header {name}").into()),
            None => {}
        }
    }
    for name in answer.headers.names() {
        let known = entries(declared).any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !known && !PLUMBING.contains(&name) {
            let of = text(response, "description").unwrap_or_default();
            return Err(format!("undeclared header {name} ({of})").into());
        }
    }
    Ok(())
}
