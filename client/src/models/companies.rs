//! `GET /api/v1/companies`: the clients that you have onboarded, each with its WhatsApp connections.

use jiff::Timestamp;
use serde_core::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::models::newtypes::{identifier, open_enum};
use crate::models::object::{JsonStr, api_object, shrink};

/// The path below the base URL. Source: the reference, "Endpoints".
pub(crate) const PATH: &str = "companies";

api_object! {
    /// A client that you have onboarded. Source: the reference, "List companies".
    Company, expecting "a company" {
        /// The identifier, such as `clx123...`.
        "id" => id: CompanyId;
        /// The name, such as `Acme Coffee`.
        "name" => name: String;
        /// The time when you onboarded the client, in UTC. Serialized with milliseconds, as the
        /// reference shows it, or with more digits if the service sent more.
        "onboardedAt" => onboarded_at: Timestamp, with Rfc3339;
        /// The WhatsApp connections; may be empty.
        "connections" => connections: Vec<Connection>, map shrink;
        /// The numbers of objects that belong to the client.
        "_count" => counts: Counts;
    }
}

api_object! {
    /// A WhatsApp connection of a client. Source: the reference, "List companies".
    Connection, expecting "a connection" {
        /// The identifier, such as `clx456...`.
        "id" => id: ConnectionId;
        /// The identifier of the WhatsApp Business Account, such as `102290129340398`.
        "wabaId" => waba_id: WabaId;
        /// The identifier of the phone number, such as `106540352242922`.
        "phoneNumberId" => phone_number_id: PhoneNumberId;
        /// The phone number as it is displayed, such as `+237 6 90 00 00 00`.
        "displayPhoneNumber" => display_phone_number: String;
        /// The quality rating of the phone number.
        "qualityRating" => quality_rating: QualityRating;
        /// The state of the connection.
        "status" => status: ConnectionStatus;
    }
}

api_object! {
    /// The numbers of objects that belong to a client. Source: the reference, the field `_count`.
    Counts, expecting "an object of counts" {
        /// The number of message templates.
        "templates" => templates: u64;
    }
}

identifier! {
    /// The identifier of a [`Company`].
    CompanyId
}
identifier! {
    /// The identifier of a [`Connection`].
    ConnectionId
}
identifier! {
    /// The identifier of a WhatsApp Business Account.
    WabaId
}
identifier! {
    /// The identifier of a WhatsApp phone number.
    PhoneNumberId
}

open_enum! {
    /// The quality rating of a phone number.
    ///
    /// The reference shows `GREEN` only. `YELLOW` and `RED` are the other values of WhatsApp's own
    /// rating; that this service sends them is an assumption. There is no `Ord`: see
    /// [`is_worse_than`](Self::is_worse_than).
    QualityRating {
        /// `GREEN`: high quality.
        Green = "GREEN",
        /// `YELLOW`: medium quality.
        Yellow = "YELLOW",
        /// `RED`: low quality.
        Red = "RED",
    }
}

open_enum! {
    /// The state of a connection. The reference shows `connected` only.
    ConnectionStatus {
        /// `connected`.
        Connected = "connected",
    }
}

impl QualityRating {
    /// Returns whether this rating is worse than another: `RED` is worse than `YELLOW`, which is
    /// worse than `GREEN`. Returns `None` if either is unknown.
    ///
    /// ```
    /// use partner_api::QualityRating;
    ///
    /// assert_eq!(QualityRating::Red.is_worse_than(&QualityRating::Green), Some(true));
    /// assert_eq!(QualityRating::from("BLUE").is_worse_than(&QualityRating::Green), None);
    /// ```
    #[must_use]
    pub fn is_worse_than(&self, other: &Self) -> Option<bool> {
        let rank = |rating: &Self| match rating {
            Self::Green => Some(0),
            Self::Yellow => Some(1),
            Self::Red => Some(2),
            Self::Other(_) => None,
        };
        Some(rank(self)? > rank(other)?)
    }
}

/// A timestamp as the reference writes it: RFC 3339 in UTC, with milliseconds.
struct Rfc3339(Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole_milliseconds = self.0.subsec_nanosecond() % 1_000_000 == 0;
        if whole_milliseconds {
            serializer.collect_str(&format_args!("{:.3}", self.0))
        } else {
            serializer.collect_str(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = JsonStr::deserialize(deserializer)?;
        text.as_str().parse().map(Rfc3339).map_err(|_| {
            de::Error::invalid_value(
                de::Unexpected::Other("another text"),
                &"a timestamp with its offset from UTC, such as 2026-06-01T10:12:00.000Z",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"id":"clx123...","name":"Acme Coffee","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{"id":"clx456...","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}],"_count":{"templates":4}}"#;

    fn decoded(json: &str) -> Result<Company, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_sample_is_written_back_unchanged() {
        let company = decoded(SAMPLE).unwrap();
        assert_eq!(company.connections[0].quality_rating, QualityRating::Green);
        assert_eq!(company.connections[0].status, ConnectionStatus::Connected);
        assert_eq!(company.counts.templates, 4);
        assert_eq!(serde_json::to_string(&company).unwrap(), SAMPLE);
    }

    #[test]
    fn connections_take_no_spare_capacity() {
        let company = decoded(SAMPLE).unwrap();
        assert_eq!((company.connections.len(), company.connections.capacity()), (1, 1));
    }

    #[test]
    fn a_company_can_be_built_and_equals_the_decoded_one() {
        let connection = Connection::new(
            "clx456...".into(),
            "102290129340398".into(),
            "106540352242922".into(),
            "+237 6 90 00 00 00".into(),
            "GREEN".into(),
            "connected".into(),
        );
        let built = Company::new(
            "clx123...".into(),
            "Acme Coffee".into(),
            "2026-06-01T10:12:00Z".parse().unwrap(),
            vec![connection],
            Counts::new(4),
        );
        assert_eq!(decoded(SAMPLE).unwrap(), built);
    }

    #[test]
    fn unknown_enum_values_and_fields_are_kept_and_written_back() {
        let json = SAMPLE
            .replace("GREEN", "ULTRA\u{e9}")
            .replace(r#""templates":4"#, r#""templates":4,"campaigns":1e400"#);
        let company = decoded(&json).unwrap();
        assert_eq!(
            company.connections[0].quality_rating,
            QualityRating::Other("ULTRA\u{e9}".into())
        );
        assert_eq!(company.counts.unknown_fields().get("campaigns"), Some("1e400"));
        assert_eq!(serde_json::to_string(&company).unwrap(), json);
    }

    #[test]
    fn a_timestamp_keeps_its_instant_and_its_precision() {
        for (sent, written) in [
            ("2026-06-01T10:12:00.000Z", "2026-06-01T10:12:00.000Z"),
            ("2026-06-01T10:12:00Z", "2026-06-01T10:12:00.000Z"),
            ("2026-06-01T11:12:00.5+01:00", "2026-06-01T10:12:00.500Z"),
            ("2026-06-01T10:12:00.123456Z", "2026-06-01T10:12:00.123456Z"),
        ] {
            let company = decoded(&SAMPLE.replace("2026-06-01T10:12:00.000Z", sent)).unwrap();
            assert!(serde_json::to_string(&company).unwrap().contains(written), "{sent}");
        }
        for wrong in ["", "yesterday", "2026-06-01", "2026-06-01T10:12:00", "2026-13-01T10:12:00Z"]
        {
            let error = decoded(&SAMPLE.replace("2026-06-01T10:12:00.000Z", wrong)).unwrap_err();
            assert!(error.to_string().contains("a timestamp with its offset"), "{wrong}: {error}");
        }
    }

    #[test]
    fn missing_null_and_duplicate_fields_are_rejected_by_name() {
        for (from, to, reason) in [
            (r#""name":"Acme Coffee","#, "", "missing field `name`"),
            (r#""name":"Acme Coffee""#, r#""name":null"#, "invalid type: null"),
            (r#""name""#, r#""id""#, "duplicate field `id`"),
            (r#""templates":4"#, r#""templates":-4"#, "invalid value: integer"),
        ] {
            let error = decoded(&SAMPLE.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn ratings_are_compared_only_if_both_are_known() {
        use QualityRating::{Green, Red, Yellow};
        let unknown = QualityRating::from("BLUE");
        for (rating, other, is_worse) in [
            (Yellow, Green, Some(true)),
            (Red, Yellow, Some(true)),
            (Red, Red, Some(false)),
            (Green, Red, Some(false)),
            (unknown.clone(), Green, None),
            (Red, unknown.clone(), None),
            (unknown.clone(), unknown, None),
        ] {
            assert_eq!(rating.is_worse_than(&other), is_worse, "{rating} {other}");
        }
    }
}
