//! Companies and wallets as JSON, strictly: the fields of the reference's samples, in their order,
//! and no other.

mod companies;
mod wallet;

use bytes::Bytes;
use serde::Serialize;

pub(crate) use self::companies::{
    AFTER_COMPANIES, BEFORE_COMPANIES, company, connection, write_company,
};
#[cfg(feature = "schema")]
pub(crate) use self::companies::{CompanyBody, ConnectionBody};
pub(crate) use self::wallet::{WalletBody, wallet};

fn render(body: &impl Serialize) -> Bytes {
    let mut bytes = Vec::new();
    write(body, &mut bytes);
    bytes.into()
}

#[expect(clippy::expect_used, reason = "only strings and integers, into memory: nothing can fail")]
fn write(body: &impl Serialize, to: &mut Vec<u8>) {
    serde_json::to_writer(to, body).expect("serializes");
}
