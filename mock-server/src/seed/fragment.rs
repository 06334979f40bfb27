//! A part of a seed that comes by itself: it is written as in a seed file, and its mistakes are said
//! in the same words.

use std::collections::HashSet;

use super::PartnerSeed;
use super::data::{CompanyFile, ConnectionFile, WalletFile};
use super::file::{self, GenerateFile, PartnerFile};
use super::stub::StubFile;
use crate::input::json::{self, Expected, Mistake, Object, Wrong, given};
use crate::state::companies::Companies;
use crate::state::model::{Company, Connection, Wallet};
use crate::stubs::Stub;

pub(crate) fn partner(text: &str) -> Result<PartnerSeed, Mistake> {
    let partner: PartnerFile = json::object(text)?;
    let partner = partner.checked().and_then(|partner| {
        file::is_first(&partner, &mut HashSet::new(), &mut HashSet::new())?;
        Ok(partner)
    });
    partner.map_err(|wrong| wrong.in_text(text))
}

pub(crate) fn wallet(text: &str) -> Result<Wallet, Mistake> {
    json::object::<WalletFile>(text).map(Into::into)
}

pub(crate) fn company(text: &str) -> Result<Company, Mistake> {
    json::object::<CompanyFile>(text).map(Into::into)
}

pub(crate) fn connection(text: &str) -> Result<Connection, Mistake> {
    json::object::<ConnectionFile>(text).map(Into::into)
}

pub(crate) fn stub(text: &str) -> Result<Stub, Mistake> {
    let stub: StubFile = json::object(text)?;
    stub.checked().map_err(|wrong| wrong.in_text(text))
}

/// `{"data": […]}`, as `GET /companies` has it, or `{"generate": {"companies": 1000}}`.
pub(crate) fn companies(text: &str) -> Result<Companies, Mistake> {
    let body: CompaniesFile = json::object(text)?;
    let companies = file::one_of(body.data, body.generate)
        .and_then(|companies| companies.ok_or_else(|| Wrong::of("expected `data` or `generate`")));
    companies.map_err(|wrong| wrong.in_text(text))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CompaniesFile {
    #[serde(default, deserialize_with = "given")]
    data: Option<Vec<Object<CompanyFile>>>,
    #[serde(default, deserialize_with = "given")]
    generate: Option<Object<GenerateFile>>,
}

impl Expected for CompaniesFile {
    const EXPECTED: &'static str = "an object with `data`, or with `generate`";
}
