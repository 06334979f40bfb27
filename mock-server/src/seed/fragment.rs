//! A part of a seed that comes by itself: it is written as in a seed file, and its mistakes are said
//! in the same words.

use std::collections::HashSet;

use super::PartnerSeed;
use super::data::{CompanyFile, ConnectionFile, WalletFile};
use super::file::{self, GenerateFile, PartnerFile};
use super::stub::StubFile;
use crate::input::json::{self, Expected, Object, ParseError, ValidationError, non_null};
use crate::state::companies::Companies;
use crate::state::model::{Company, Connection, Wallet};
use crate::stubs::Stub;

pub(crate) fn partner(text: &str) -> Result<PartnerSeed, ParseError> {
    let partner: PartnerFile = json::object(text)?;
    let partner = partner.checked().and_then(|partner| {
        file::is_first(&partner, &mut HashSet::new(), &mut HashSet::new())?;
        Ok(partner)
    });
    partner.map_err(|wrong| wrong.in_text(text))
}

pub(crate) fn wallet(text: &str) -> Result<Wallet, ParseError> {
    json::object::<WalletFile>(text).map(Into::into)
}

pub(crate) fn company(text: &str) -> Result<Company, ParseError> {
    json::object::<CompanyFile>(text).map(Into::into)
}

pub(crate) fn connection(text: &str) -> Result<Connection, ParseError> {
    json::object::<ConnectionFile>(text).map(Into::into)
}

pub(crate) fn stub(text: &str) -> Result<Stub, ParseError> {
    let stub: StubFile = json::object(text)?;
    stub.checked().map_err(|wrong| wrong.in_text(text))
}

/// `{"data": […]}`, as `GET /companies` has it, or `{"generate": {"companies": 1000}}`.
pub(crate) fn companies(text: &str) -> Result<Companies, ParseError> {
    let body: CompaniesFile = json::object(text)?;
    let companies = file::one_of(body.data, body.generate).and_then(|companies| {
        companies.ok_or_else(|| ValidationError::of("expected `data` or `generate`"))
    });
    companies.map_err(|wrong| wrong.in_text(text))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CompaniesFile {
    #[serde(default, deserialize_with = "non_null")]
    data: Option<Vec<Object<CompanyFile>>>,
    #[serde(default, deserialize_with = "non_null")]
    generate: Option<Object<GenerateFile>>,
}

impl Expected for CompaniesFile {
    const EXPECTED: &'static str = "an object with `data`, or with `generate`";
}
