//! What a mock starts with: the reference's sample, nothing, or a file.

mod file;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, io};

use crate::data::{Company, Connection, Wallet};
use crate::store::{Store, Tenant};

/// The partners, keys and data that a mock starts with.
///
/// The format of a seed file is described in the crate's documentation.
#[derive(Clone)]
pub struct Seed {
    first: PartnerSeed,
    others: Vec<PartnerSeed>,
}

#[derive(Clone)]
struct PartnerSeed {
    name: String,
    keys: Vec<String>,
    active: bool,
    wallet: Wallet,
    companies: Vec<Company>,
}

impl Seed {
    /// One partner with the wallet and the company that the reference shows. It is what a mock
    /// starts with if it is told nothing else.
    pub fn sample() -> Self {
        let mut company =
            Company::new("clx123...", "Acme Coffee").with_connection(Connection::new("clx456..."));
        company.template_count = 4;
        Self::one(Wallet::new(8450), vec![company])
    }

    /// One partner with no company and no credit.
    pub fn empty() -> Self {
        Self::one(Wallet::new(0), Vec::new())
    }

    fn one(wallet: Wallet, companies: Vec<Company>) -> Self {
        let partner = PartnerSeed {
            name: "default".to_owned(),
            keys: Vec::new(),
            active: true,
            wallet,
            companies,
        };
        Self {
            first: partner,
            others: Vec::new(),
        }
    }

    /// Reads a seed from JSON text.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or not of the documented format: which line and column, and what
    /// was expected there.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        file::parse(text).map(|(first, others)| Self { first, others })
    }

    /// Reads a seed file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and as [`from_json`](Self::from_json), with the file's name.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SeedError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| SeedError {
            file: Some(path.to_owned()),
            place: None,
            message: "cannot be read".to_owned(),
            source: Some(error),
        })?;
        Self::from_json(&text).map_err(|error| SeedError {
            file: Some(path.to_owned()),
            ..error
        })
    }

    /// The state that this seed describes, its first partner, and a key of that one.
    pub(crate) fn plant(self) -> (Store, Arc<Tenant>, String) {
        let store = Store::default();
        let key = self.first.keys.first().cloned();
        let first = self.first.plant(&store);
        for partner in self.others {
            partner.plant(&store);
        }
        let key = key.unwrap_or_else(|| store.issue_key(&first));
        (store, first, key)
    }
}

impl PartnerSeed {
    fn plant(self, store: &Store) -> Arc<Tenant> {
        let tenant = store.add(self.name, self.wallet, self.companies);
        tenant.set_active(self.active);
        for key in &self.keys {
            store.accept_key(&tenant, key);
        }
        tenant
    }
}

/// Names only: keys in a seed are in clear.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partners = std::iter::once(&self.first).chain(&self.others);
        let names: Vec<_> = partners.map(|partner| &partner.name).collect();
        f.debug_struct("Seed")
            .field("partners", &names)
            .finish_non_exhaustive()
    }
}

/// A seed that cannot be used. It shows as one line: file, line, column, what is wrong, what was
/// expected.
#[derive(Debug)]
pub struct SeedError {
    file: Option<PathBuf>,
    place: Option<(usize, usize)>,
    message: String,
    source: Option<io::Error>,
}

impl SeedError {
    /// The message may hold names from the file. They are shown in one line, whatever they are.
    fn at(place: (usize, usize), message: &str) -> Self {
        let shown = |char: char| {
            if char.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                char
            }
        };
        Self {
            file: None,
            place: Some(place),
            message: message.chars().map(shown).collect(),
            source: None,
        }
    }

    /// The line, counted from 1; none if the file could not be read.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The column, in bytes, counted from 1; none if the file could not be read.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str("seed")?,
        }
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
