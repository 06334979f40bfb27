//! What came back from the service, or from something in front of it.

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};

use crate::display::{is_enum_value, shown};

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The content type without its parameters, in small letters.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    pub(crate) fn is_html(&self) -> bool {
        self.content_type().as_deref() == Some("text/html")
    }

    /// Why this is no answer to what was asked: a redirect, or a status that passes.
    pub(crate) fn elsewhere(&self) -> Option<String> {
        match self.status {
            status @ 300..=399 => {
                let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok());
                let url = location.and_then(|location| Url::parse(location).ok());
                let host = url.as_ref().and_then(Url::host_str);
                // The host only: the rest may be secret.
                let to = host.map(|host| format!(" to {}", shown(host, 100))).unwrap_or_default();
                Some(format!("a redirect (status {status}){to}, which is not followed"))
            }
            status @ (407 | 408 | 425 | 429 | 500..) => {
                Some(format!("status {status}; it may pass, so try again"))
            }
            _ => None,
        }
    }

    /// The code of a refusal, in brackets, if it is one that can be shown.
    pub(crate) fn code(&self) -> String {
        let body: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let code = body.as_ref().and_then(|body| body.get("error")?.as_str());
        code.filter(|code| is_enum_value(code)).map(|code| format!(" ({code})")).unwrap_or_default()
    }
}
