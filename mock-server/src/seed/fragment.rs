//! Parts of a seed as the control API takes them: written as in a seed file, with the same errors.

use super::PartnerSeed;
use super::data::{CompanyFile, ConnectionFile, WalletFile};
use super::file::{self, GenerateFile, PartnerFile, Taken};
#[cfg(feature = "schema")]
use super::schema;
use super::stub::StubFile;
use crate::faults::{Rule, WrittenRule};
use crate::input::json::{self, FromJson, Object, ParseError, ValidationError, non_null};
use crate::state::companies::Companies;
use crate::state::model::{Company, Connection, Wallet};
use crate::stubs::Stub;

impl FromJson for PartnerSeed {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        let partner: PartnerFile = json::object(text)?;
        partner.checked(&mut Taken::default()).map_err(|wrong| wrong.in_text(text))
    }
}

impl FromJson for Wallet {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        json::object::<WalletFile>(text).map(Into::into)
    }
}

impl FromJson for Company {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        json::object::<CompanyFile>(text).map(Into::into)
    }
}

impl FromJson for Connection {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        json::object::<ConnectionFile>(text).map(Into::into)
    }
}

/// An object, or the text form as a string.
impl FromJson for Rule {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        let rule = json::read::<WrittenRule>(text)?.into_rule();
        rule.map_err(|error| ValidationError::from(error).in_text(text))
    }
}

impl FromJson for Stub {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        let stub: StubFile = json::object(text)?;
        stub.checked().map_err(|wrong| wrong.in_text(text))
    }
}

/// `{"data": […]}`, as `GET /companies` has it, or `{"generate": {"companies": 1000}}`.
impl FromJson for Companies {
    fn from_json(text: &str) -> Result<Self, ParseError> {
        let body: CompaniesFile = json::object(text)?;
        let companies = file::one_of(body.data, body.generate).and_then(|companies| {
            companies.ok_or_else(|| ValidationError::of("expected `data` or `generate`"))
        });
        companies.map_err(|wrong| wrong.in_text(text))
    }
}

#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CompaniesGiven", transform = schema::data_or_generate))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `data`, or with `generate`")]
pub(crate) struct CompaniesFile {
    /// As `GET /companies` has them.
    #[serde(default, deserialize_with = "non_null")]
    data: Option<Vec<Object<CompanyFile>>>,
    #[serde(default, deserialize_with = "non_null")]
    generate: Option<Object<GenerateFile>>,
}
