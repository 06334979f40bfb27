//! Companies as `GET /companies` shows them (reference, List companies, Response 200). What was
//! written can be read again, and be searched without reading it: a key of JSON cannot stand in one
//! of its strings, where the quotes would be escaped.

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{render, write};
use crate::state::model::{Company, Connection};

/// Companies stand between these, with commas between them.
pub(crate) const BEFORE_COMPANIES: &[u8] = br#"{"data":["#;
pub(crate) const AFTER_COMPANIES: &[u8] = b"]}";

/// What stands behind the id, once in each company and nowhere else.
pub(crate) const IN_EACH_COMPANY: &[u8] = br#","name":"#;

/// What stands behind the id, once in each connection and nowhere else.
pub(crate) const IN_EACH_CONNECTION: &[u8] = br#","wabaId":"#;

/// One company, as it stands among the others.
pub(crate) fn company(company: &Company) -> Bytes {
    render(&Written(company))
}

/// One connection, as it stands in its company.
pub(crate) fn connection(connection: &Connection) -> Bytes {
    render(&Listed(connection))
}

/// As [`company`], behind what is there.
pub(crate) fn write_company(company: &Company, to: &mut Vec<u8>) {
    write(&Written(company), to);
}

/// The company that was written so.
#[expect(clippy::expect_used, reason = "what was written can be read")]
pub(crate) fn read_company(written: &[u8]) -> Company {
    let mut json = serde_json::Deserializer::from_slice(written);
    CompanyBody::deserialize(&mut json).expect("a company that was written")
}

/// How many bytes the company has that these begin with.
pub(crate) fn length_of_company(written: &[u8]) -> usize {
    let mut values = serde_json::Deserializer::from_slice(written).into_iter::<IgnoredAny>();
    values.next();
    values.byte_offset()
}

/// What each company with this id begins with, and nothing else.
pub(crate) fn beginning_of_company(id: &str) -> Vec<u8> {
    beginning(id, IN_EACH_COMPANY)
}

/// What each connection with this id begins with, and nothing else.
pub(crate) fn beginning_of_connection(id: &str) -> Vec<u8> {
    beginning(id, IN_EACH_CONNECTION)
}

fn beginning(id: &str, behind_it: &[u8]) -> Vec<u8> {
    let mut beginning = br#"{"id":"#.to_vec();
    write(&id, &mut beginning);
    beginning.extend_from_slice(behind_it);
    beginning
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Company", rename_all = "camelCase")]
struct CompanyBody {
    id: String,
    name: String,
    #[serde(with = "milliseconds")]
    onboarded_at: Timestamp,
    #[serde(with = "list")]
    connections: Vec<Connection>,
    #[serde(rename = "_count", with = "count")]
    template_count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Connection", rename_all = "camelCase")]
struct ConnectionBody {
    id: String,
    waba_id: String,
    phone_number_id: String,
    display_phone_number: String,
    quality_rating: String,
    status: String,
}

#[derive(Serialize)]
struct Written<'a>(#[serde(with = "CompanyBody")] &'a Company);

#[derive(Serialize)]
struct Listed<'a>(#[serde(with = "ConnectionBody")] &'a Connection);

/// In UTC with three digits of a second, as the sample has it.
mod milliseconds {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{time:.3}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        <&str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

mod list {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Connection, ConnectionBody, Listed};

    pub(super) fn serialize<S: Serializer>(all: &[Connection], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(all.iter().map(Listed))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Connection>, D::Error> {
        #[derive(Deserialize)]
        struct Read(#[serde(with = "ConnectionBody")] Connection);

        Ok(Vec::<Read>::deserialize(from)?.into_iter().map(|Read(one)| one).collect())
    }
}

mod count {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct CountBody {
        templates: u64,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "so it is handed over")]
    pub(super) fn serialize<S: Serializer>(templates: &u64, out: S) -> Result<S::Ok, S::Error> {
        CountBody { templates: *templates }.serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        CountBody::deserialize(from).map(|count| count.templates)
    }
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
