//! What is sent, strictly: the fields of the reference's samples, in their order, and no other; and
//! what HTTP says of it.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::data::{Company, Connection, Wallet};

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

/// The body of `GET /companies` (reference, List companies, Response 200).
pub(crate) fn companies(companies: &[Company]) -> Bytes {
    render(&CompaniesBody { data: companies })
}

/// One company, as it stands among the others.
pub(crate) fn company(company: &Company) -> Bytes {
    render(&CompanyBody::from(company))
}

/// One connection, as it stands in its company.
pub(crate) fn connection(connection: &Connection) -> Bytes {
    render(&ConnectionBody::from(connection))
}

/// The body of `GET /wallet` (reference, Get wallet, Response 200).
pub(crate) fn wallet(wallet: &Wallet) -> Bytes {
    render(&WalletBody::from(wallet))
}

/// What the service answers when it refuses. The bodies have the shape of the reference's 401s;
/// the other codes are ours, the reference names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Reference, Errors: "no Authorization header".
    MissingBearerToken,
    /// Reference, Errors: "unknown, revoked, or inactive partner".
    InvalidToken,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    PayloadTooLarge,
}

impl Failure {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::MissingBearerToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn body(self) -> Bytes {
        Bytes::from_static(match self {
            Self::MissingBearerToken => br#"{"error":"missing_bearer_token"}"#,
            Self::InvalidToken => br#"{"error":"invalid_token"}"#,
            Self::BadRequest => br#"{"error":"bad_request"}"#,
            Self::NotFound => br#"{"error":"not_found"}"#,
            Self::MethodNotAllowed => br#"{"error":"method_not_allowed"}"#,
            Self::PayloadTooLarge => br#"{"error":"payload_too_large"}"#,
        })
    }
}

#[derive(Serialize)]
struct CompaniesBody<'a> {
    #[serde(serialize_with = "each_company")]
    data: &'a [Company],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompanyBody<'a> {
    id: &'a str,
    name: &'a str,
    onboarded_at: String,
    #[serde(serialize_with = "each_connection")]
    connections: &'a [Connection],
    #[serde(rename = "_count")]
    count: CountBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionBody<'a> {
    id: &'a str,
    waba_id: &'a str,
    phone_number_id: &'a str,
    display_phone_number: &'a str,
    quality_rating: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
struct CountBody {
    templates: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WalletBody<'a> {
    balance: i64,
    currency: &'a str,
    #[serde(serialize_with = "as_string")]
    credit_unit_price: Decimal,
    cost_per_message: i64,
}

impl<'a> From<&'a Wallet> for WalletBody<'a> {
    fn from(wallet: &'a Wallet) -> Self {
        Self {
            balance: wallet.balance,
            currency: &wallet.currency,
            credit_unit_price: wallet.credit_unit_price,
            cost_per_message: wallet.cost_per_message,
        }
    }
}

impl<'a> From<&'a Company> for CompanyBody<'a> {
    fn from(company: &'a Company) -> Self {
        Self {
            id: &company.id,
            name: &company.name,
            onboarded_at: format!("{:.3}", company.onboarded_at),
            connections: &company.connections,
            count: CountBody { templates: company.template_count },
        }
    }
}

impl<'a> From<&'a Connection> for ConnectionBody<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            id: &connection.id,
            waba_id: &connection.waba_id,
            phone_number_id: &connection.phone_number_id,
            display_phone_number: &connection.display_phone_number,
            quality_rating: &connection.quality_rating,
            status: &connection.status,
        }
    }
}

fn each_company<S: Serializer>(companies: &&[Company], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(companies.iter().map(CompanyBody::from))
}

fn each_connection<S: Serializer>(connections: &&[Connection], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(connections.iter().map(ConnectionBody::from))
}

fn as_string<S: Serializer>(number: &Decimal, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(number)
}

#[expect(clippy::expect_used, reason = "only strings and integers, into memory: nothing can fail")]
fn render(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("serializes").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: Bytes) -> String {
        String::from_utf8(body.into()).unwrap()
    }

    #[test]
    fn a_time_is_written_with_milliseconds_whether_it_has_them_or_not() {
        let mut company = Company::new("c", "C");
        assert!(text(companies(&[company.clone()])).contains(r#""2026-06-01T10:12:00.000Z""#));
        company.onboarded_at = "2026-06-01T10:12:00.123456789Z".parse().unwrap();
        assert!(text(companies(&[company])).contains(r#""2026-06-01T10:12:00.123Z""#));
    }

    #[test]
    fn a_price_keeps_its_scale() {
        for price in ["25.0000", "25", "0.1", "-1.50"] {
            let mut changed = Wallet::new(0);
            changed.credit_unit_price = price.parse().unwrap();
            let body = text(wallet(&changed));
            assert!(body.contains(&format!(r#""creditUnitPrice":"{price}""#)), "{body}");
        }
    }

    #[test]
    fn no_companies_are_an_empty_list() {
        assert_eq!(text(companies(&[])), r#"{"data":[]}"#);
    }
}
