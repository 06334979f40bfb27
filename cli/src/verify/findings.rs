//! What was found in one answer, counted by place: a list of 100,000 with the same thing wrong in
//! each is one finding.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::schema::SchemaNode;
use super::severity::Source;
use crate::display::shown;

/// More different names or words at one place than this are no vocabulary but data, and are not
/// shown.
const MAX_WORDS: usize = 8;
/// How many values of a finding are kept, where values are asked for.
const MAX_VALUES: usize = 3;
/// The most characters of a value that are shown.
const MAX_CHARACTERS: usize = 60;

/// What kind of thing was found. The names are for machines, and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Another status.
    Status,
    /// An answer to a request that is to be refused.
    NotRejected,
    ContentType,
    MissingHeader,
    Header,
    NotJson,
    MissingField,
    Null,
    Type,
    Format,
    Pattern,
    Minimum,
    /// Another error code than the one that is due.
    Code,
    DuplicateField,
    UnknownField,
    UnknownValue,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::NotRejected => "not-rejected",
            Self::ContentType => "content-type",
            Self::MissingHeader => "missing-header",
            Self::Header => "header",
            Self::NotJson => "not-json",
            Self::MissingField => "missing-field",
            Self::Null => "null",
            Self::Type => "type",
            Self::Format => "format",
            Self::Pattern => "pattern",
            Self::Minimum => "minimum",
            Self::Code => "code",
            Self::DuplicateField => "duplicate-field",
            Self::UnknownField => "unknown-field",
            Self::UnknownValue => "unknown-value",
        }
    }
}

/// One thing that was found, at one place of the contract.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    /// `data[].name`, or the name of a header; nothing for the answer as a whole.
    pub(crate) path: String,
    /// What came and what was expected.
    pub(crate) message: String,
    pub(crate) hit: Occurrence,
    /// How many there were that could have had it.
    pub(crate) of: u64,
}

/// How often something came, and where first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occurrence {
    pub(crate) count: u64,
    /// `data[17].name`
    pub(crate) first: Option<String>,
    /// Some values, where they are asked for: harmless to show, but a client's data.
    pub(crate) values: Vec<String>,
    /// The types of the values of a field that is not known.
    pub(crate) types: BTreeSet<&'static str>,
}

/// How often a part could have come, and came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) due: u64,
    pub(crate) came: u64,
}

/// Everything that is noted while an answer is read.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) counts: Vec<Count>,
    /// Where the reader is: the index of each list on the way.
    pub(crate) indices: Vec<u64>,
    faults: BTreeMap<(usize, Kind, String), (Source, Occurrence)>,
    words: BTreeMap<(usize, Kind), Words>,
    show_values: bool,
}

impl Findings {
    pub(crate) fn new(parts: usize, show_values: bool) -> Self {
        Self {
            counts: vec![Count::default(); parts],
            indices: Vec::new(),
            faults: BTreeMap::new(),
            words: BTreeMap::new(),
            show_values,
        }
    }

    /// A part could be here, and is or is not.
    pub(crate) fn count(&mut self, part: &SchemaNode, came: bool) {
        if let Some(tally) = self.counts.get_mut(part.id) {
            tally.due += 1;
            tally.came += u64::from(came);
        }
    }

    /// Something is wrong here. The message says nothing of the value, which is given as JSON.
    pub(crate) fn fault(
        &mut self,
        part: &SchemaNode,
        kind: Kind,
        source: &Source,
        message: String,
        value: Option<&str>,
    ) {
        let (indices, value) = (&self.indices, value.filter(|_| self.show_values));
        let (_, hit) = self
            .faults
            .entry((part.id, kind, message))
            .or_insert_with(|| (source.clone(), Occurrence::default()));
        hit.add(|| place(&part.path, indices), value);
    }

    /// There is a name or a word here that the contract does not have. It is shown if it surely is
    /// no data.
    pub(crate) fn word(
        &mut self,
        part: &SchemaNode,
        kind: Kind,
        word: &str,
        is_plain: bool,
        value: &str,
    ) {
        let (indices, show) = (&self.indices, self.show_values);
        let kind_of_value = (kind == Kind::UnknownField).then(|| type_of(value));
        let words = self.words.entry((part.id, kind)).or_default();
        let word = (is_plain || show).then(|| shown(word, MAX_CHARACTERS));
        let hit = words.hit(word);
        hit.add(|| place(&part.path, indices), Some(value).filter(|_| show));
        hit.types.extend(kind_of_value);
    }

    /// All that was found, in the order of the parts.
    pub(crate) fn findings(self, body: &SchemaNode) -> Vec<Finding> {
        let mut parts = Vec::new();
        body.each(&mut |part| parts.push(part));
        let tally = |id: usize| self.counts.get(id).copied().unwrap_or_default();
        let mut findings = Vec::new();
        for ((id, kind, message), (source, hit)) in self.faults {
            let Some(part) = parts.get(id) else { continue };
            let (path, tally) = (part.path.clone(), tally(id));
            let of = if kind == Kind::MissingField { tally.due } else { tally.came };
            findings.push((id, Finding { kind, source, path, message, hit, of }));
        }
        for ((id, kind), words) in self.words {
            let Some(part) = parts.get(id) else { continue };
            for finding in words.findings(part, kind, tally(id).came) {
                findings.push((id, finding));
            }
        }
        findings.sort_by_key(|(id, finding)| (*id, finding.kind));
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}

impl Occurrence {
    fn add(&mut self, place: impl FnOnce() -> String, value: Option<&str>) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(place());
        }
        if let Some(value) = value
            && self.values.len() < MAX_VALUES
        {
            let value = shown(value, MAX_CHARACTERS);
            if !self.values.contains(&value) {
                self.values.push(value);
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.take().or(other.first);
        self.values.extend(other.values);
        self.values.truncate(MAX_VALUES);
        self.types.extend(other.types);
    }
}

/// The names or words of one place that the contract does not have.
#[derive(Debug, Default)]
struct Words {
    few: BTreeMap<String, Occurrence>,
    /// Those that look like data, or all of them once they are many.
    hidden: Occurrence,
    are_many: bool,
}

impl Words {
    /// Where this one is counted.
    fn hit(&mut self, word: Option<String>) -> &mut Occurrence {
        if let Some(word) = word
            && !self.are_many
        {
            if self.few.contains_key(&word) || self.few.len() < MAX_WORDS {
                return self.few.entry(word).or_default();
            }
            self.are_many = true;
            for (_, hit) in std::mem::take(&mut self.few) {
                self.hidden.absorb(hit);
            }
        }
        &mut self.hidden
    }

    fn findings(self, part: &SchemaNode, kind: Kind, of: u64) -> Vec<Finding> {
        let is_field = kind == Kind::UnknownField;
        let finding = |path: String, message: String, hit: Occurrence| Finding {
            kind,
            source: Source::addition(),
            path,
            message,
            hit,
            of,
        };
        let below = |name: &str| {
            let dot = if part.path.is_empty() { "" } else { "." };
            format!("{}{dot}{name}", part.path)
        };
        let mut findings = Vec::new();
        for (word, hit) in self.few {
            findings.push(if is_field {
                let types: Vec<_> = hit.types.iter().copied().collect();
                let types = types.join(" or ");
                let message = format!("a field that the contract does not have, with {types}");
                finding(below(&word), message, hit)
            } else {
                let message = format!("the word `{word}`, which the contract does not know");
                finding(part.path.clone(), message, hit)
            });
        }
        if self.hidden.count > 0 {
            let why = if self.are_many { "many different" } else { "they look like data" };
            findings.push(if is_field {
                let message = format!("fields that the contract does not have ({why}, not shown)");
                finding(below("*"), message, self.hidden)
            } else {
                let message = format!("words that the contract does not know ({why}, not shown)");
                finding(part.path.clone(), message, self.hidden)
            });
        }
        findings
    }
}

/// The type of a value that is given as its JSON.
pub(crate) fn type_of(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The path with the index of each list in its brackets.
fn place(path: &str, indices: &[u64]) -> String {
    let mut pieces = path.split("[]");
    let mut place = pieces.next().unwrap_or_default().to_owned();
    for (piece, index) in pieces.zip(indices) {
        let _ = write!(place, "[{index}]{piece}");
    }
    place
}
