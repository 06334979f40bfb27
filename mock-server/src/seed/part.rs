//! A part of a seed that comes by itself: it is written as in a seed file, and its mistakes are said
//! in the same words.

use std::collections::HashSet;

use serde::de::{Deserialize, DeserializeOwned};

use super::data::{CompanyFile, ConnectionFile, WalletFile};
use super::file::{self, GenerateFile, PartnerFile};
use super::locate::Wrong;
use super::stub::StubFile;
pub(crate) use super::value::{Expected, Fields, Object, given, timestamp};
use super::{PartnerSeed, SeedError};
use crate::data::{Company, Connection, Wallet};
use crate::stub::Stub;

/// Whatever can be read from a JSON object, with mistakes that are said as those in a seed are.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, SeedError> {
    file::read(text, "an object")
}

/// As [`read`], with what was expected of the object.
pub(crate) fn object<T: DeserializeOwned + Expected>(text: &str) -> Result<T, SeedError> {
    file::read(text, T::EXPECTED).map(|Object(object)| object)
}

pub(crate) fn partner(text: &str) -> Result<PartnerSeed, SeedError> {
    let partner: PartnerFile = object(text)?;
    let partner = partner.checked().and_then(|partner| {
        file::is_first(&partner, &mut HashSet::new(), &mut HashSet::new())?;
        Ok(partner)
    });
    partner.map_err(|wrong| wrong.in_text(text))
}

pub(crate) fn wallet(text: &str) -> Result<Wallet, SeedError> {
    one::<WalletFile, _>(text)
}

pub(crate) fn company(text: &str) -> Result<Company, SeedError> {
    one::<CompanyFile, _>(text)
}

pub(crate) fn connection(text: &str) -> Result<Connection, SeedError> {
    one::<ConnectionFile, _>(text)
}

pub(crate) fn stub(text: &str) -> Result<Stub, SeedError> {
    let stub: StubFile = object(text)?;
    stub.checked().map_err(|wrong| wrong.in_text(text))
}

/// `{"data": […]}`, as `GET /companies` has it, or `{"generate": {"companies": 1000}}`.
pub(crate) fn companies(text: &str) -> Result<Vec<Company>, SeedError> {
    let body: CompaniesFile = object(text)?;
    let companies = file::one_of(body.data, body.generate)
        .and_then(|companies| companies.ok_or_else(|| Wrong::of("expected `data` or `generate`")));
    Ok(companies.map_err(|wrong| wrong.in_text(text))?.made())
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

fn one<'a, T: Deserialize<'a> + Expected + Into<U>, U>(text: &'a str) -> Result<U, SeedError> {
    let Object(one): Object<T> = file::read(text, T::EXPECTED)?;
    Ok(one.into())
}
