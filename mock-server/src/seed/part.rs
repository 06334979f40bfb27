//! A part of a seed that comes by itself: it is written as in a seed file, and its mistakes are said
//! in the same words.

use serde::de::{Deserialize, DeserializeOwned};

use super::file::{
    self, CompanyFile, ConnectionFile, Expected, Object, PartnerFile, WalletFile, unwrapped,
};
use super::{PartnerSeed, SeedError};
use crate::data::{Company, Connection, Wallet};

/// Whatever can be read from JSON, with mistakes that are said as those in a seed are.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, SeedError> {
    file::read(text)
}

pub(crate) fn partner(text: &str) -> Result<PartnerSeed, SeedError> {
    let partner: Object<PartnerFile<'_>> = file::read(text)?;
    file::check(text, std::slice::from_ref(&partner))?;
    Ok(partner.0.into())
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

/// `{"data": […]}`, as `GET /companies` has it.
pub(crate) fn companies(text: &str) -> Result<Vec<Company>, SeedError> {
    let Object(body): Object<CompaniesFile> = file::read(text)?;
    Ok(unwrapped(body.data))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CompaniesFile {
    data: Vec<Object<CompanyFile>>,
}

impl Expected for CompaniesFile {
    const EXPECTED: &'static str = "an object with `data`";
}

fn one<'a, T: Deserialize<'a> + Expected + Into<U>, U>(text: &'a str) -> Result<U, SeedError> {
    let Object(one): Object<T> = file::read(text)?;
    Ok(one.into())
}
