//! Companies as `GET /companies` shows them (reference, List companies, Response 200).

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{render, write};
use crate::state::model::{Company, Connection};

/// Companies are between these, with commas between them.
pub(crate) const BEFORE_COMPANIES: &[u8] = br#"{"data":["#;
pub(crate) const AFTER_COMPANIES: &[u8] = b"]}";

/// One company, as it is in the list.
pub(crate) fn company(company: &Company) -> Bytes {
    render(&Written(company))
}

/// One connection, as it is in its company.
pub(crate) fn connection(connection: &Connection) -> Bytes {
    render(&Listed(connection))
}

/// As [`company`], behind what is there.
pub(crate) fn write_company(company: &Company, to: &mut Vec<u8>) {
    write(&Written(company), to);
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Company"))]
#[serde(remote = "Company", rename_all = "camelCase")]
pub(crate) struct CompanyBody {
    id: String,
    name: String,
    #[serde(serialize_with = "milliseconds")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    onboarded_at: Timestamp,
    #[serde(serialize_with = "list")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ConnectionBody>"))]
    connections: Vec<Connection>,
    #[serde(rename = "_count", serialize_with = "count")]
    #[cfg_attr(feature = "schema", schemars(with = "CountBody"))]
    template_count: u64,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Connection"))]
#[serde(remote = "Connection", rename_all = "camelCase")]
pub(crate) struct ConnectionBody {
    id: String,
    waba_id: String,
    phone_number_id: String,
    display_phone_number: String,
    quality_rating: String,
    status: String,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Count"))]
struct CountBody {
    templates: u64,
}

#[derive(Serialize)]
struct Written<'a>(#[serde(with = "CompanyBody")] &'a Company);

#[derive(Serialize)]
struct Listed<'a>(#[serde(with = "ConnectionBody")] &'a Connection);

/// In UTC with three digits of a second, as the sample has it.
fn milliseconds<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&format_args!("{time:.3}"))
}

fn list<S: Serializer>(all: &[Connection], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(all.iter().map(Listed))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn count<S: Serializer>(templates: &u64, out: S) -> Result<S::Ok, S::Error> {
    CountBody { templates: *templates }.serialize(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_whether_it_has_them_or_not() {
        let text = |shown: &Company| String::from_utf8(company(shown).into()).unwrap();
        let mut shown = Company::new("c", "C");
        assert!(text(&shown).contains(r#""2026-06-01T10:12:00.000Z""#));
        shown.onboarded_at = "2026-06-01T10:12:00.123456789Z".parse().unwrap();
        assert!(text(&shown).contains(r#""2026-06-01T10:12:00.123Z""#));
    }
}
