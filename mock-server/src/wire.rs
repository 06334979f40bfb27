//! What is sent, strictly: the fields of the reference's samples, in their order, and no other; and
//! what HTTP says of it.

mod companies;
mod failure;
mod wallet;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

pub(crate) use self::companies::{
    AFTER_COMPANIES, BEFORE_COMPANIES, IN_EACH_COMPANY, IN_EACH_CONNECTION, beginning_of_company,
    beginning_of_connection, company, connection, length_of_company, read_company, write_company,
};
pub(crate) use self::failure::Failure;
pub(crate) use self::wallet::{WalletBody, wallet};

/// Says that the mock refused, and not the service that it stands for; and by what.
pub(crate) const BY_THE_MOCK: HeaderName = HeaderName::from_static("x-partner-api-mock");
pub(crate) const LIMIT: HeaderValue = HeaderValue::from_static("limit");

/// Whether an answer with this status has no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
pub(crate) fn is_bodyless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether a header says where an answer ends, which the mock says itself.
pub(crate) fn is_framing(name: &HeaderName) -> bool {
    matches!(*name, CONNECTION | CONTENT_LENGTH | TRANSFER_ENCODING)
}

fn render(body: &impl Serialize) -> Bytes {
    let mut bytes = Vec::new();
    write(body, &mut bytes);
    bytes.into()
}

#[expect(clippy::expect_used, reason = "only strings and integers, into memory: nothing can fail")]
fn write(body: &impl Serialize, to: &mut Vec<u8>) {
    serde_json::to_writer(to, body).expect("serializes");
}
