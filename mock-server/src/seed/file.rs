//! The seed file: JSON text to a seed, or what is wrong with it and where.

use std::collections::HashSet;

use super::data::{CompanyFile, WalletFile};
use super::stub::StubFile;
use super::{Companies, PartnerSeed, Seed};
use crate::faults::{CheckedRule, RuleError, WrittenRule, another_partner, unknown_partner};
use crate::input::json::{
    self, Object, ParseError, ValidationError, non_null, truncate, unwrap_object,
};
#[cfg(feature = "schema")]
use crate::input::schema;
use crate::state::generator::{self, MAX_GENERATED};
use crate::state::keys::api_key;
use crate::state::model::Wallet;
use crate::state::store::NewPartner;

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
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    partners: Vec<Object<PartnerFile>>,
    /// Rules for all partners.
    #[serde(default)]
    faults: Vec<WrittenRule>,
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
    faults: Vec<WrittenRule>,
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

impl SeedFile {
    fn checked(self) -> Result<Seed, ValidationError> {
        let mut taken = Taken::default();
        let partners =
            each("partners", self.partners, |Object(partner)| partner.checked(&mut taken))?;
        let faults = each("faults", self.faults, |rule| {
            let rule = CheckedRule::new(rule.into_rule()?)?;
            let names = partners.iter().map(|seed| seed.partner.name.as_str());
            Ok((whose(&rule, names)?, rule))
        })?;
        let stubs = each("stubs", self.stubs, |Object(stub)| stub.checked())?;
        let mut partners = partners.into_iter();
        let nobody = || ValidationError::of("expected at least one partner").at("partners");
        let first = partners.next().ok_or_else(nobody)?;
        Ok(Seed { source: "file", first, others: partners.collect(), faults, stubs })
    }
}

/// The items of a field, checked one by one. An error is placed at the item that is wrong.
fn each<T, U>(
    field: &'static str,
    items: Vec<T>,
    mut check: impl FnMut(T) -> Result<U, ValidationError>,
) -> Result<Vec<U>, ValidationError> {
    let items = items.into_iter().enumerate();
    items.map(|(at, item)| check(item).map_err(|wrong| wrong.at_item(at).at(field))).collect()
}

/// The number of the partner that a rule names.
pub(super) fn whose<'a>(
    rule: &CheckedRule,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<Option<usize>, RuleError> {
    let Some(wanted) = rule.spec.partner.as_deref() else {
        return Ok(None);
    };
    let found = names.clone().position(|name| name == wanted);
    found.map(Some).ok_or_else(|| unknown_partner(wanted, names))
}

/// The names and keys of the partners before.
#[derive(Default)]
pub(super) struct Taken {
    names: HashSet<String>,
    keys: HashSet<String>,
}

impl PartnerFile {
    pub(super) fn checked(self, taken: &mut Taken) -> Result<PartnerSeed, ValidationError> {
        if !taken.names.insert(self.name.clone()) {
            let name = truncate(&self.name);
            let message = format!("a second partner named `{name}`: expected each name once");
            return Err(ValidationError::of(message).at("name"));
        }
        let keys = each("keys", self.keys, |key| {
            if !api_key::is_b64token(key.as_bytes()) {
                return Err(ValidationError::of(api_key::EXPECTED));
            }
            let message = "this key is given twice: expected each key once, for one partner";
            let is_new = taken.keys.insert(key.clone());
            if is_new { Ok(key) } else { Err(ValidationError::of(message)) }
        })?;
        let partner = NewPartner {
            name: self.name,
            keys,
            active: self.active.unwrap_or(true),
            wallet: self.wallet.map_or_else(|| Wallet::new(0), |Object(wallet)| wallet.into()),
            companies: one_of(self.companies, self.generate)?.unwrap_or_default(),
        };
        let faults = each("faults", self.faults, |rule| {
            let rule = CheckedRule::new(rule.into_rule()?)?;
            match rule.spec.partner.as_deref().filter(|named| *named != partner.name) {
                Some(another) => Err(another_partner(another, &partner.name).into()),
                None => Ok(rule),
            }
        })?;
        let stubs = each("stubs", self.stubs, |Object(stub)| stub.checked())?;
        Ok(PartnerSeed { partner, faults, stubs })
    }
}

/// Companies as they are, or how many to make up, and not both.
pub(super) fn one_of(
    companies: Option<Vec<Object<CompanyFile>>>,
    generate: Option<Object<GenerateFile>>,
) -> Result<Option<Companies>, ValidationError> {
    match (companies, generate) {
        (Some(_), Some(_)) => {
            let message = "expected it, or the companies themselves, and not both";
            Err(ValidationError::of(message).at("generate"))
        }
        (Some(companies), None) => Ok(Some(unwrap_object(companies))),
        (None, Some(Object(GenerateFile { companies, rng_seed }))) => {
            if companies > u64::from(MAX_GENERATED) {
                let wrong = ValidationError::of(format!("expected at most {MAX_GENERATED}"));
                return Err(wrong.at("companies").at("generate"));
            }
            Ok(Some(generator::companies(companies, rng_seed).collect()))
        }
        (None, None) => Ok(None),
    }
}
