//! The seed file: JSON text to a seed, or what is wrong with it and where.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use super::data::{CompanyFile, WalletFile};
use super::rule::RuleFile;
use super::stub::StubFile;
use super::{Companies, Extras, PartnerSeed, Seed};
use crate::faults::RuleError;
use crate::faults::registry::{self, NewRule};
use crate::input::json::{
    self, Object, ParseError, ValidationError, non_null, truncate, unwrap_object,
};
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::state::generator::{self, MAX_GENERATED};
use crate::state::keys::api_key;
use crate::state::model::Wallet;
use crate::stubs::Stub;

pub(super) fn parse(text: &str) -> Result<Seed, ParseError> {
    json::object::<SeedFile>(text)?.checked().map_err(|wrong| wrong.in_text(text))
}

/// The partners, keys and data that the mock server starts with, and the faults of its responses. What
/// a schema cannot say is checked when the file is read: names and keys are unique, a rule names a
/// partner of the file, a rule in its text form is valid, a wait is a day at most.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "A seed of partner-api-mock"))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with `partners`")]
pub(super) struct SeedFile {
    /// Where this schema is, for editors.
    #[serde(rename = "$schema", default, deserialize_with = "non_null")]
    _schema: Option<String>,
    /// The first one is the default partner.
    #[serde(deserialize_with = "at_least_one")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    partners: Vec<Object<PartnerFile>>,
    /// Rules for all partners.
    #[serde(default)]
    faults: Vec<RuleFile>,
    /// Stubs for all partners.
    #[serde(default)]
    stubs: Vec<Object<StubFile>>,
}

/// A partner: keys, companies, a wallet, faults and stubs.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PartnerNew", transform = super::schema::not_both_companies_and_generate))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with the `name` of a partner")]
pub(crate) struct PartnerFile {
    /// For the journal. In a seed, each name is unique.
    name: String,
    /// Its keys, in clear. Each key is unique. In a seed, none if left out; over HTTP, without any a new
    /// one is issued.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true), inner(regex(pattern = schema::KEY))))]
    keys: Vec<String>,
    /// Whether its keys work. They do, if left out.
    #[serde(default, deserialize_with = "non_null")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "non_null")]
    wallet: Option<Object<WalletFile>>,
    /// As `GET /companies` shows them.
    #[serde(default, deserialize_with = "non_null")]
    companies: Option<Vec<Object<CompanyFile>>>,
    #[serde(default, deserialize_with = "non_null")]
    generate: Option<Object<GenerateFile>>,
    /// Rules for this partner.
    #[serde(default)]
    faults: Vec<RuleFile>,
    /// Stubs for this partner.
    #[serde(default)]
    stubs: Vec<Object<StubFile>>,
}

/// Generated companies, the same for the same `rngSeed`.
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Generate"))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[serde(expecting = "an object with how many `companies`")]
pub(crate) struct GenerateFile {
    /// How many.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_GENERATED)))]
    companies: u64,
    /// 0, if left out.
    #[serde(default)]
    rng_seed: u64,
}

fn at_least_one<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(AtLeastOne(PhantomData))
}

/// Where it is asked while the array is read, the error has the array's place.
struct AtLeastOne<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtLeastOne<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = array.next_element()? {
            all.push(one);
        }
        if all.is_empty() {
            return Err(A::Error::custom("expected at least one partner"));
        }
        Ok(all)
    }
}

impl SeedFile {
    fn checked(self) -> Result<Seed, ValidationError> {
        let mut checked = Vec::new();
        let (mut names, mut keys) = (HashSet::new(), HashSet::new());
        for (at, Object(partner)) in self.partners.into_iter().enumerate() {
            let partner = partner.checked().and_then(|partner| {
                is_first(&partner, &mut names, &mut keys)?;
                Ok(partner)
            });
            checked.push(partner.map_err(|wrong| wrong.at_item(at).at("partners"))?);
        }
        let mut faults = Vec::new();
        for (at, rule) in self.faults.into_iter().enumerate() {
            let rule = rule.checked().and_then(|rule| {
                let names = checked.iter().map(|partner: &PartnerSeed| partner.name.as_str());
                Ok((whose(&rule, names)?, rule))
            });
            faults.push(rule.map_err(|wrong| wrong.at_item(at).at("faults"))?);
        }
        let stubs = checked_stubs(self.stubs)?;
        let mut partners = checked.into_iter();
        let first =
            partners.next().ok_or_else(|| ValidationError::of("expected at least one partner"))?;
        Ok(Seed { source: "file", first, others: partners.collect(), faults, stubs })
    }
}

/// Whether no partner before has its name or one of its keys.
pub(super) fn is_first(
    partner: &PartnerSeed,
    names: &mut HashSet<String>,
    keys: &mut HashSet<String>,
) -> Result<(), ValidationError> {
    if !names.insert(partner.name.clone()) {
        let name = truncate(&partner.name);
        let message = format!("a second partner named `{name}`: expected each name once");
        return Err(ValidationError::of(message).at("name"));
    }
    for (at, key) in partner.keys.iter().enumerate() {
        if !keys.insert(key.clone()) {
            return Err(ValidationError::of(KEY_TWICE).at_item(at).at("keys"));
        }
    }
    Ok(())
}

const KEY_TWICE: &str = "this key is given twice: expected each key once, for one partner";

/// The number of the partner that a rule names.
pub(super) fn whose<'a>(
    rule: &NewRule,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<Option<usize>, RuleError> {
    let Some(wanted) = rule.spec.partner.as_deref() else {
        return Ok(None);
    };
    let found = names.clone().position(|name| name == wanted);
    found.map(Some).ok_or_else(|| registry::unknown_partner(wanted, names))
}

impl PartnerFile {
    pub(super) fn checked(self) -> Result<PartnerSeed, ValidationError> {
        let mut seed = PartnerSeed {
            name: self.name,
            keys: self.keys,
            active: self.active.unwrap_or(true),
            wallet: self.wallet.map_or_else(|| Wallet::new(0), |Object(wallet)| wallet.into()),
            companies: one_of(self.companies, self.generate)?.unwrap_or_default(),
            extras: Extras::default(),
        };
        for (at, key) in seed.keys.iter().enumerate() {
            if !api_key::is_b64token(key.as_bytes()) {
                return Err(ValidationError::of(api_key::EXPECTED).at_item(at).at("keys"));
            }
        }
        for (at, rule) in self.faults.into_iter().enumerate() {
            let rule = rule.checked().and_then(|rule| {
                match rule.spec.partner.as_deref().filter(|named| *named != seed.name) {
                    Some(another) => Err(registry::another_partner(another, &seed.name).into()),
                    None => Ok(rule),
                }
            });
            seed.extras.faults.push(rule.map_err(|wrong| wrong.at_item(at).at("faults"))?);
        }
        seed.extras.stubs = checked_stubs(self.stubs)?;
        Ok(seed)
    }
}

/// Companies as they are, or how many to make up, and not both.
pub(super) fn one_of(
    companies: Option<Vec<Object<CompanyFile>>>,
    generate: Option<Object<GenerateFile>>,
) -> Result<Option<Companies>, ValidationError> {
    match (companies, generate) {
        (Some(_), Some(_)) => {
            Err(ValidationError::of("expected it, or the companies themselves, and not both")
                .at("generate"))
        }
        (Some(companies), None) => Ok(Some(unwrap_object(companies))),
        (None, Some(Object(GenerateFile { companies, rng_seed }))) => {
            match u32::try_from(companies).ok().filter(|count| *count <= MAX_GENERATED) {
                Some(count) => Ok(Some(generator::companies(count.into(), rng_seed).collect())),
                None => Err(ValidationError::of(format!("expected at most {MAX_GENERATED}"))
                    .at("companies")
                    .at("generate")),
            }
        }
        (None, None) => Ok(None),
    }
}

fn checked_stubs(stubs: Vec<Object<StubFile>>) -> Result<Vec<Stub>, ValidationError> {
    let checked = stubs
        .into_iter()
        .enumerate()
        .map(|(at, Object(stub))| stub.checked().map_err(|wrong| wrong.at_item(at).at("stubs")));
    checked.collect()
}
