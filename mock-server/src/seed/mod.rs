//! The data that a mock starts with: the reference's sample, nothing, or a file.

mod data;
mod error;
mod file;
mod fragment;
#[cfg(feature = "schema")]
mod schema;
mod stub;

#[cfg(feature = "schema")]
pub(crate) use self::data::{CompanyFile, ConnectionFile, WalletFile};
pub use self::error::SeedError;
#[cfg(feature = "schema")]
pub(crate) use self::file::PartnerFile;
#[cfg(feature = "schema")]
pub(crate) use self::fragment::CompaniesFile;
#[cfg(feature = "schema")]
pub(crate) use self::stub::StubFile;

use std::io::Read as _;
use std::path::Path;
use std::{fmt, fs, io};

use crate::faults::{CheckedRule, Rule, RuleError};
use crate::input::json::{ParseError, place};
#[cfg(feature = "schema")]
use crate::input::schema::{GENERATED, of_requests};
#[cfg(feature = "yaml")]
use crate::input::yaml;
use crate::state::companies::Companies;
use crate::state::generator;
use crate::state::keys::api_key;
use crate::state::model::{Company, Connection, Wallet};
use crate::state::store::NewPartner;
use crate::stubs::Stub;

/// The largest seed that is read, in bytes: 256 MiB.
pub const MAX_SEED_BYTES: usize = 256 << 20;

/// The JSON Schema (draft 2020-12) of a seed file, for editors: they complete what is typed and mark
/// what is wrong, in JSON with a `$schema` at the top, and in YAML with a comment.
///
/// Rules that a schema cannot express are in its descriptions.
pub const SEED_SCHEMA: &str = include_str!("../../seed.schema.json");

/// Generates [`SEED_SCHEMA`] from the types of a seed file.
#[cfg(feature = "schema")]
pub fn generate_seed_schema() -> serde_json::Value {
    let mut schema = of_requests("/$defs").into_root_schema_for::<file::SeedFile>();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("$comment".into(), GENERATED.into());
    schema.to_value()
}

/// A byte order mark says nothing in UTF-8, and a reader may ignore one (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The partners, keys and data that a mock starts with.
///
/// The format is described in `docs/seed-file.md` of the repository, and by [`SEED_SCHEMA`].
#[derive(Clone)]
pub struct Seed {
    /// Where it comes from: `sample`, `empty`, or `file`.
    pub(crate) source: &'static str,
    pub(crate) first: PartnerSeed,
    pub(crate) others: Vec<PartnerSeed>,
    /// Those of the whole mock, and those that are for the partner of this number.
    pub(crate) faults: Vec<(Option<usize>, CheckedRule)>,
    pub(crate) stubs: Vec<Stub>,
}

/// A partner with its faults and stubs.
#[derive(Clone)]
pub(crate) struct PartnerSeed {
    pub(crate) partner: NewPartner,
    pub(crate) faults: Vec<CheckedRule>,
    pub(crate) stubs: Vec<Stub>,
}

impl Seed {
    /// One partner with the wallet and the company that the reference shows. It is what a mock
    /// starts with by default.
    pub fn sample() -> Self {
        let mut company =
            Company::new("clx123...", "Acme Coffee").with_connection(Connection::new("clx456..."));
        company.template_count = 4;
        Self::one("sample", Wallet::new(8450), [company].into_iter().collect())
    }

    /// One partner with no company and no credit.
    pub fn empty() -> Self {
        Self::one("empty", Wallet::new(0), Companies::default())
    }

    fn one(source: &'static str, wallet: Wallet, companies: Companies) -> Self {
        let name = "default".to_owned();
        let partner = NewPartner { name, keys: Vec::new(), active: true, wallet, companies };
        let first = PartnerSeed { partner, faults: Vec::new(), stubs: Vec::new() };
        Self { source, first, others: Vec::new(), faults: Vec::new(), stubs: Vec::new() }
    }

    /// Reads a seed from JSON text. A byte order mark at its start is ignored.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or not of the documented format, or is longer than [`MAX_SEED_BYTES`]:
    /// which line and column, and what was expected there.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        Ok(file::parse(text_of(text.as_bytes())?)?)
    }

    /// Reads a seed from YAML text, with the fields of the JSON format.
    ///
    /// Anchors and aliases may be used; merge keys, repeated fields and a second document may not.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), with the place in the YAML.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        let text = text_of(text.as_bytes())?;
        file::parse(&yaml::to_json(text)?).map_err(|error| {
            let place = Some(yaml::locate(text, &error.field));
            SeedError { place, ..SeedError::from(error) }
        })
    }

    /// Reads a seed file: YAML, if its name ends in `.yaml` or `.yml`, and JSON otherwise.
    ///
    /// YAML needs the feature `yaml`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not UTF-8, if it is YAML and the feature is off, and as [`from_json`](Self::from_json), with the
    /// file's name.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SeedError> {
        let path = path.as_ref();
        Self::of_file(path).map_err(|error| SeedError { file: Some(path.to_owned()), ..error })
    }

    fn of_file(path: &Path) -> Result<Self, SeedError> {
        let unreadable =
            |error| SeedError { source: Some(error), ..SeedError::of("cannot be read") };
        let bytes = read(path).map_err(unreadable)?;
        let text = text_of(&bytes)?;
        let is_yaml = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
        });
        if !is_yaml {
            return Self::from_json(text);
        }
        #[cfg(feature = "yaml")]
        return Self::from_yaml(text);
        #[cfg(not(feature = "yaml"))]
        return Err(SeedError::of("YAML needs the feature `yaml` of the crate partner-api-mock"));
    }

    /// With these companies instead of those of the first partner.
    #[must_use]
    pub fn with_companies(mut self, companies: impl IntoIterator<Item = Company>) -> Self {
        self.first.partner.companies = companies.into_iter().collect();
        self
    }

    /// With so many [generated](Company::generate) companies instead of those of the first
    /// partner.
    #[must_use]
    pub fn with_generated_companies(mut self, count: u32, seed: u64) -> Self {
        self.first.partner.companies = generator::companies(count.into(), seed).collect();
        self
    }

    /// With this key as the first one of the first partner, which
    /// [`Mock::api_key`](crate::Mock::api_key) returns.
    ///
    /// # Errors
    ///
    /// If it cannot be an API key, or another partner has it. The error does not show it.
    pub fn with_key(mut self, key: impl Into<String>) -> Result<Self, SeedError> {
        let key = key.into();
        if !api_key::is_b64token(key.as_bytes()) {
            return Err(SeedError::of(api_key::EXPECTED));
        }
        if self.others.iter().any(|other| other.partner.keys.contains(&key)) {
            return Err(SeedError::of("another partner of the seed has this key"));
        }
        let keys = &mut self.first.partner.keys;
        keys.retain(|other| *other != key);
        keys.insert(0, key);
        Ok(self)
    }

    /// How many partners there are.
    pub fn partners(&self) -> usize {
        1 + self.others.len()
    }

    /// With a rule of the whole mock, or of the partner that it names, as its last one.
    ///
    /// # Errors
    ///
    /// If the rule contradicts itself, or names an operation or a partner that is not there.
    pub fn with_fault(mut self, rule: impl Into<Rule>) -> Result<Self, RuleError> {
        let rule = CheckedRule::new(rule.into())?;
        let whose = file::whose(&rule, self.names())?;
        self.faults.push((whose, rule));
        Ok(self)
    }

    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let all = std::iter::once(&self.first).chain(&self.others);
        all.map(|seed| seed.partner.name.as_str())
    }
}

/// The text of a file. A byte order mark at its start is no part of it.
fn text_of(bytes: &[u8]) -> Result<&str, ParseError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes);
    if bytes.len() > MAX_SEED_BYTES {
        let message = "the file goes on after 256 MiB: expected no more than that";
        return Err(ParseError::at(place(bytes, MAX_SEED_BYTES), message));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let message = "this byte is not UTF-8: expected text in UTF-8";
        ParseError::at(place(bytes, error.valid_up_to()), message)
    })
}

/// The file, or at least one byte more than it may have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MAX_SEED_BYTES + BYTE_ORDER_MARK.len() + 1;
    fs::File::open(path)?.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Names only: keys in a seed are in clear.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.debug_struct("Seed").field("partners", &names).finish_non_exhaustive()
    }
}
