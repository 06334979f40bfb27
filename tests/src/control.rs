//! Checks the control API against its `OpenAPI` document: every response that a test gets, and every
//! accepted request; and, at the end, that tests saw every declared response.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contract::{Contract, Operation, Reading, entries};
use crate::http::Response;
use crate::{Checked, of};

/// The document as it is published.
pub const TEXT: &str = include_str!("../../mock-server/control.openapi.yaml");

/// The prefix of every path.
pub const PREFIX: &str = "/_mock";

/// Headers of HTTP itself, and headers of each response of the control API.
const PLUMBING: [&str; 9] = [
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-resource-policy",
    "date",
    "referrer-policy",
    "x-content-type-options",
];

/// Sends requests to a mock over sockets, and checks each response against the document.
#[derive(Debug)]
pub struct Observed {
    contract: Contract,
    address: SocketAddr,
    token: Option<String>,
    seen: BTreeSet<(String, u16)>,
}

impl Observed {
    /// The control API of a mock.
    pub fn new(contract: Contract, address: SocketAddr) -> Self {
        Self { contract, address, token: None, seen: BTreeSet::new() }
    }

    /// Continues with a mock that requires this token. Responses seen so far still count.
    #[must_use]
    pub fn continue_with(self, address: SocketAddr, token: &str) -> Self {
        Self { address, token: Some(token.into()), ..self }
    }

    /// Sends a request and checks the response. An empty `body` means no body.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Checked<Response> {
        self.send_with(method, path, &self.usual_headers(), body).await
    }

    /// The headers of every request, a line each.
    pub fn usual_headers(&self) -> String {
        let token = self.token.as_deref();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let host = self.address;
        format!("host: {host}\r\ncontent-type: application/json\r\n{}", token.unwrap_or_default())
    }

    /// As [`send`](Self::send), with these headers only, a line each.
    pub async fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Checked<Response> {
        let length = format!("content-length: {}\r\n", body.len());
        let head = head(method, path, &(length + headers));
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all((head + body).as_bytes()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        self.judge(method, path, body, &response)
    }

    /// Announces a body above the size limit, and sends none of it.
    pub async fn send_too_large(&mut self, method: &str, path: &str) -> Checked<Response> {
        let length = "content-length: 67108865\r\n".to_owned();
        let head = head(method, path, &(length + &self.usual_headers()));
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        self.judge(method, path, "", &response)
    }

    /// Checks a response that the caller received.
    pub fn judge(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        response: &[u8],
    ) -> Checked<Response> {
        let response = Response::parse(response)?;
        let verdict = self.check(method, path, body, &response);
        of(&format!("{method} {path} {body}: {}", response.status), verdict)?;
        Ok(response)
    }

    /// As [`send`](Self::send). Returns the body, or an error if the status is another one.
    pub async fn expect(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> Checked<Value> {
        let response = self.send(method, path, body).await?;
        if response.status != status {
            let said = response.text()?;
            return Err(format!("{method} {path} {body}: {} {said}", response.status).into());
        }
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    fn check(&mut self, method: &str, path: &str, body: &str, response: &Response) -> Checked {
        let path = format!("{PREFIX}{}", path.split('?').next().unwrap_or_default());
        let operations = self.contract.operations()?;
        let mut here = operations.iter().filter(|one| is_of(one.path, &path)).peekable();
        let is_known = here.peek().is_some();
        let asked = if method == "HEAD" { "GET" } else { method };
        let operation = here.find(|one| one.method == asked);
        let other = if is_known { "WrongMethod" } else { "UnknownPath" };
        let pointer = match operation {
            Some(one) => one.node.pointer(&format!("/responses/{}", response.status)),
            // Credentials are checked before the path.
            None if matches!(response.status, 401 | 403) => {
                let name = if response.status == 401 { "TokenRequired" } else { "Forbidden" };
                Some(self.contract.at(&format!("/components/responses/{name}"))?)
            }
            None => Some(self.contract.at(&format!("/components/responses/{other}"))?),
        };
        let declared = self.contract.resolved(pointer.ok_or("a status that is not declared")?)?;
        headers(&self.contract, declared, response)?;
        content(&self.contract, declared, response, method)?;
        if let Some(one) = operation {
            if (200..300).contains(&response.status) {
                accepted(&self.contract, one, body)?;
            }
            self.seen.insert((one.id.to_owned(), response.status));
        } else if response.status != if is_known { 405 } else { 404 }
            && !matches!(response.status, 401 | 403)
        {
            return Err(format!("not an operation, but the status is {}", response.status).into());
        }
        Ok(())
    }

    /// Every declared response that no test got.
    pub fn unseen(&self) -> Checked<Vec<String>> {
        let mut unseen = Vec::new();
        for operation in self.contract.operations()? {
            for (status, _) in entries(&operation.node["responses"]) {
                if !self.seen.contains(&(operation.id.to_owned(), status.parse()?)) {
                    unseen.push(format!("{} {status}", operation.id));
                }
            }
        }
        Ok(unseen)
    }
}

/// The head of a request that closes its connection.
pub fn head(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {PREFIX}{path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
}

/// Returns true if the path matches the template.
fn is_of(template: &str, path: &str) -> bool {
    let (mut mine, mut asked) = (template.split('/'), path.split('/'));
    loop {
        match (mine.next(), asked.next()) {
            (None, None) => return true,
            (Some(mine), Some(asked))
                if mine == asked || (mine.starts_with('{') && !asked.is_empty()) => {}
            _ => return false,
        }
    }
}

fn headers(contract: &Contract, declared: &Value, response: &Response) -> Checked {
    for (name, header) in entries(&declared["headers"]) {
        let header = contract.resolved(header)?;
        let value = response.headers.get(&name.to_ascii_lowercase());
        let value = value.ok_or_else(|| format!("no header {name}"))?;
        contract.validate(&header["schema"], Reading::Closed, &value.into())?;
    }
    for name in response.headers.names() {
        let is_declared =
            entries(&declared["headers"]).any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !is_declared && !PLUMBING.contains(&name) {
            return Err(format!("undeclared header {name}").into());
        }
    }
    Ok(())
}

fn content(contract: &Contract, declared: &Value, response: &Response, method: &str) -> Checked {
    let sent = response.headers.get("content-type");
    let documented = entries(&declared["content"]).find(|(name, _)| Some(*name) == sent);
    let Some((media_type, content)) = documented else {
        let is_empty = declared.get("content").is_none() && sent.is_none();
        return if is_empty && response.body.is_empty() {
            Ok(())
        } else {
            Err(format!("undeclared content, {sent:?}").into())
        };
    };
    if method == "HEAD" {
        return Ok(());
    }
    let body = match media_type {
        "application/json" => serde_json::from_slice(&response.body)?,
        _ => Value::from(response.text()?),
    };
    contract.validate(&content["schema"], Reading::Closed, &body)
}

/// Checks an accepted request body against the document.
fn accepted(contract: &Contract, operation: &Operation<'_>, body: &str) -> Checked {
    let Some(declared) = operation.node.get("requestBody") else {
        return if body.is_empty() { Ok(()) } else { Err("a body that is not declared".into()) };
    };
    if body.is_empty() && declared["required"] != true {
        return Ok(());
    }
    let schema = declared.pointer("/content/application~1json/schema").ok_or("no schema")?;
    contract.validate(schema, Reading::Closed, &serde_json::from_str(body)?)
}
