//! Requests and responses as they were on the wire: HTTP/1.1, one on each connection.

use crate::Checked;

/// A parsed request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The target, as sent: path and query.
    pub target: String,
    /// The header fields.
    pub headers: Headers,
    /// The bytes after the head.
    pub body: Vec<u8>,
}

/// A parsed response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The bytes after the head.
    pub body: Vec<u8>,
}

/// Header fields in the order in which they were received, names in lower case.
#[derive(Clone, Debug)]
pub struct Headers(Vec<(String, String)>);

const MAX_HEADERS: usize = 32;

impl Request {
    /// Parses the bytes of one connection.
    pub fn parse(bytes: &[u8]) -> Checked<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes)? else {
            return Err("the request ends within its head".into());
        };
        if head.version != Some(1) {
            return Err("not HTTP/1.1".into());
        }
        Ok(Self {
            method: head.method.unwrap_or_default().into(),
            target: head.path.unwrap_or_default().into(),
            headers: Headers::from(&*head.headers)?,
            body: bytes.get(length..).unwrap_or_default().into(),
        })
    }
}

impl Response {
    /// Parses the bytes of one connection.
    pub fn parse(bytes: &[u8]) -> Checked<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes)? else {
            return Err("the response ends within its head".into());
        };
        Ok(Self {
            status: head.code.unwrap_or_default(),
            headers: Headers::from(&*head.headers)?,
            body: bytes.get(length..).unwrap_or_default().into(),
        })
    }

    /// The body as text.
    pub fn text(&self) -> Checked<&str> {
        Ok(std::str::from_utf8(&self.body)?)
    }

    /// The bytes of a response with a JSON body, as any server could send it.
    pub fn json(status: u16, body: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

impl Headers {
    /// Rejects a duplicate field: no response and no request of the contract has one.
    fn from(raw: &[httparse::Header<'_>]) -> Checked<Self> {
        let mut headers = Self(Vec::new());
        for field in raw {
            let name = field.name.to_ascii_lowercase();
            if headers.get(&name).is_some() {
                return Err(format!("the header {name} is duplicated").into());
            }
            headers.0.push((name, std::str::from_utf8(field.value)?.into()));
        }
        Ok(headers)
    }

    /// The value of a field; the name is given in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}
