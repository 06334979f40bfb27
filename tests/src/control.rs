//! The control API against its document: every answer that a test gets, and what was accepted to get
//! it; and in the end, that nothing of the document was left out.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contract::{Contract, Operation, Reading, entries};
use crate::http::Answer;
use crate::{Checked, of};

/// The document as it is published.
pub const TEXT: &str = include_str!("../../mock-server/control.openapi.yaml");

/// What stands before every path.
pub const PREFIX: &str = "/_mock";

/// What HTTP itself puts into an answer, and what each answer of the control API has.
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

/// A mock, asked over sockets, with all that it answers held to the document.
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

    /// As [`new`](Self::new), of one that wants this token; what was seen of the other counts.
    #[must_use]
    pub fn go_on(self, address: SocketAddr, token: &str) -> Self {
        Self { address, token: Some(token.into()), ..self }
    }

    /// Asks with a JSON body, or with none where it is empty, and checks the answer.
    pub async fn ask(&mut self, method: &str, path: &str, body: &str) -> Checked<Answer> {
        self.ask_with(method, path, &self.usual_headers(), body).await
    }

    /// The headers that go with every request, a line each.
    pub fn usual_headers(&self) -> String {
        let token = self.token.as_deref();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let host = self.address;
        format!("host: {host}\r\ncontent-type: application/json\r\n{}", token.unwrap_or_default())
    }

    /// As [`ask`](Self::ask), with these headers only, a line each.
    pub async fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Checked<Answer> {
        let length = format!("content-length: {}\r\n", body.len());
        let head = head(method, path, &(length + headers));
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all((head + body).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        self.judge(method, path, body, &answer)
    }

    /// Says that a body comes which is larger than any may be, and sends none of it.
    pub async fn ask_with_too_much(&mut self, method: &str, path: &str) -> Checked<Answer> {
        let length = "content-length: 67108865\r\n".to_owned();
        let head = head(method, path, &(length + &self.usual_headers()));
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        self.judge(method, path, "", &answer)
    }

    /// Checks an answer that came in another way.
    pub fn judge(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        answer: &[u8],
    ) -> Checked<Answer> {
        let answer = Answer::parse(answer)?;
        let verdict = self.check(method, path, body, &answer);
        of(&format!("{method} {path} {body}: {}", answer.status), verdict)?;
        Ok(answer)
    }

    /// As [`ask`](Self::ask), where only one status will do; gives the body.
    pub async fn told(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> Checked<Value> {
        let answer = self.ask(method, path, body).await?;
        if answer.status != status {
            let said = answer.text()?;
            return Err(format!("{method} {path} {body}: {} {said}", answer.status).into());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn check(&mut self, method: &str, path: &str, body: &str, answer: &Answer) -> Checked {
        let path = format!("{PREFIX}{}", path.split('?').next().unwrap_or_default());
        let operations = self.contract.operations()?;
        let mut here = operations.iter().filter(|one| is_of(one.path, &path)).peekable();
        let is_known = here.peek().is_some();
        let asked = if method == "HEAD" { "GET" } else { method };
        let operation = here.find(|one| one.method == asked);
        let other = if is_known { "WrongMethod" } else { "UnknownPath" };
        let pointer = match operation {
            Some(one) => one.node.pointer(&format!("/responses/{}", answer.status)),
            // Who asks comes before what is asked for.
            None if matches!(answer.status, 401 | 403) => {
                let name = if answer.status == 401 { "TokenRequired" } else { "Forbidden" };
                Some(self.contract.at(&format!("/components/responses/{name}"))?)
            }
            None => Some(self.contract.at(&format!("/components/responses/{other}"))?),
        };
        let response = self.contract.resolved(pointer.ok_or("a status that is not declared")?)?;
        headers(&self.contract, response, answer)?;
        content(&self.contract, response, answer, method)?;
        if let Some(one) = operation {
            if (200..300).contains(&answer.status) {
                accepted(&self.contract, one, body)?;
            }
            self.seen.insert((one.id.to_owned(), answer.status));
        } else if answer.status != if is_known { 405 } else { 404 }
            && !matches!(answer.status, 401 | 403)
        {
            return Err(format!("no operation, and {}", answer.status).into());
        }
        Ok(())
    }

    /// Every answer that the document declares and no test got.
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

/// The head of a request, which ends its connection.
pub fn head(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {PREFIX}{path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")
}

/// Whether a path is one of a template's.
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

fn headers(contract: &Contract, response: &Value, answer: &Answer) -> Checked {
    for (name, header) in entries(&response["headers"]) {
        let header = contract.resolved(header)?;
        let value = answer.headers.get(&name.to_ascii_lowercase());
        let value = value.ok_or_else(|| format!("no header {name}"))?;
        contract.validate(&header["schema"], Reading::Closed, &value.into())?;
    }
    for name in answer.headers.names() {
        let is_declared =
            entries(&response["headers"]).any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !is_declared && !PLUMBING.contains(&name) {
            return Err(format!("undeclared header {name}").into());
        }
    }
    Ok(())
}

fn content(contract: &Contract, response: &Value, answer: &Answer, method: &str) -> Checked {
    let sent = answer.headers.get("content-type");
    let declared = entries(&response["content"]).find(|(name, _)| Some(*name) == sent);
    let Some((media_type, content)) = declared else {
        let is_empty = response.get("content").is_none() && sent.is_none();
        return if is_empty && answer.body.is_empty() {
            Ok(())
        } else {
            Err(format!("undeclared content, {sent:?}").into())
        };
    };
    if method == "HEAD" {
        return Ok(());
    }
    let body = match media_type {
        "application/json" => serde_json::from_slice(&answer.body)?,
        "application/yaml" => {
            serde_json::to_value(yaml_serde::from_str::<yaml_serde::Value>(answer.text()?)?)?
        }
        _ => Value::from(answer.text()?),
    };
    contract.validate(&content["schema"], Reading::Closed, &body)
}

/// What was accepted must be what the document says that is.
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
