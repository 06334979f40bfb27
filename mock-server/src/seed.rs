//! What a mock starts with: the reference's sample, nothing, or a file.

mod explain;
mod file;
pub(crate) mod part;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::data::{Company, Connection, Wallet};
use crate::rules::NewRule;
use crate::stub::Stub;

/// The largest seed that is read, in bytes: 256 MiB.
pub const MAX_SEED: usize = 256 << 20;

/// A byte order mark says nothing in UTF-8, and a reader may ignore one (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The partners, keys and data that a mock starts with.
///
/// The format of a seed file is described in the crate's documentation.
#[derive(Clone)]
pub struct Seed {
    pub(crate) first: PartnerSeed,
    pub(crate) others: Vec<PartnerSeed>,
    /// Those of the whole mock, and those that are for the partner of this number.
    pub(crate) faults: Vec<(Option<usize>, NewRule)>,
    pub(crate) stubs: Vec<Stub>,
}

#[derive(Clone)]
pub(crate) struct PartnerSeed {
    pub(crate) name: String,
    pub(crate) keys: Vec<String>,
    pub(crate) active: bool,
    pub(crate) wallet: Wallet,
    pub(crate) companies: Companies,
    pub(crate) extras: Extras,
}

/// What the requests of one partner meet besides its data.
#[derive(Clone, Default)]
pub(crate) struct Extras {
    pub(crate) faults: Vec<NewRule>,
    pub(crate) stubs: Vec<Stub>,
}

/// Companies as they are, or how many are to be made up.
#[derive(Clone)]
pub(crate) enum Companies {
    Given(Vec<Company>),
    Generated { count: u32, seed: u64 },
}

impl Companies {
    pub(crate) fn made(self) -> Vec<Company> {
        match self {
            Self::Given(companies) => companies,
            Self::Generated { count, seed } => {
                Company::generate(usize::try_from(count).unwrap_or(usize::MAX), seed)
            }
        }
    }
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
            companies: Companies::Given(companies),
            extras: Extras::default(),
        };
        Self { first: partner, others: Vec::new(), faults: Vec::new(), stubs: Vec::new() }
    }

    /// Reads a seed from JSON text. A byte order mark at its start is ignored.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or not of the documented format, or is longer than [`MAX_SEED`]:
    /// which line and column, and what was expected there.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        Self::from_bytes(text.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, SeedError> {
        let mark = BYTE_ORDER_MARK.as_bytes();
        let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
        if bytes.len() > MAX_SEED {
            let message = "the file goes on after 256 MiB: expected no more than that";
            return Err(SeedError::at(place(bytes, MAX_SEED), message));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let message = "this byte is not UTF-8: expected text in UTF-8";
            SeedError::at(place(bytes, error.valid_up_to()), message)
        })?;
        file::parse(text).map(|(first, others)| Self {
            first,
            others,
            faults: Vec::new(),
            stubs: Vec::new(),
        })
    }

    /// Reads a seed file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not UTF-8, and as [`from_json`](Self::from_json), with the
    /// file's name.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SeedError> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|error| SeedError {
            file: Some(path.to_owned()),
            place: None,
            field: String::new(),
            message: "cannot be read".to_owned(),
            source: Some(error),
        })?;
        Self::from_bytes(&bytes).map_err(|error| SeedError { file: Some(path.to_owned()), ..error })
    }
}

/// The file, or at least one byte more than it may have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MAX_SEED + BYTE_ORDER_MARK.len() + 1;
    fs::File::open(path)?.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Line and column of the byte at this offset, both counted from 1.
fn place(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let newlines = memchr::memchr_iter(b'\n', before);
    let (count, line_start) = newlines.fold((0, 0), |(count, _), newline| (count + 1, newline + 1));
    (count + 1, before.len() - line_start + 1)
}

/// One line, whatever stands in a file or in its name. What a terminal would obey, or what turns
/// the order of the letters, is shown as an escape.
fn in_one_line(text: &str) -> String {
    let is_obeyed = |char: char| {
        char.is_control()
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{feff}')
            || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if is_obeyed(char) {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

/// Names only: keys in a seed are in clear.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partners = std::iter::once(&self.first).chain(&self.others);
        let names: Vec<_> = partners.map(|partner| &partner.name).collect();
        f.debug_struct("Seed").field("partners", &names).finish_non_exhaustive()
    }
}

/// A seed that cannot be used. It shows as one line: file, line, column, what is wrong, what was
/// expected.
#[derive(Debug)]
pub struct SeedError {
    file: Option<PathBuf>,
    place: Option<(usize, usize)>,
    field: String,
    message: String,
    source: Option<io::Error>,
}

impl SeedError {
    /// The message may hold texts from the file.
    fn at(place: (usize, usize), message: &str) -> Self {
        let (field, message) = (String::new(), in_one_line(message));
        Self { file: None, place: Some(place), field, message, source: None }
    }

    fn in_field(self, path: &str) -> Self {
        Self { field: in_one_line(path), ..self }
    }

    /// The line, counted from 1; none if the file could not be read.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The field that is wrong, as `partners[0].walet`; empty if it is the whole.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong, without the place.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The column, in bytes, counted from 1; none if the file could not be read.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => f.write_str(&in_one_line(&file.to_string_lossy()))?,
            None => f.write_str("seed")?,
        }
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
