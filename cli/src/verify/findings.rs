//! What was found in one response, counted by place: a list of 100,000 with the same thing wrong in
//! each is one finding.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schema::Part;
use super::severity::Source;
use crate::remote::Redactor;

/// More different names or values at one place than this are data, and are not shown.
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
    /// Success for a request that must be rejected.
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
    /// Another error code than the documented one.
    Code,
    DuplicateField,
    UnknownField,
    UnknownValue,
    /// A keyword of the schema that has no kind here.
    Schema,
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
            Self::Schema => "schema",
        }
    }
}

/// One thing that was found, at one place of the contract.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    /// `data[].name`, or the name of a header; empty for the response as a whole.
    pub(crate) path: String,
    /// What was expected, and what was received.
    pub(crate) message: String,
    pub(crate) hit: Occurrence,
    /// How many there were that could have had it.
    pub(crate) of: u64,
}

/// How often something was found, and where first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occurrence {
    pub(crate) count: u64,
    /// `data[17].name`
    pub(crate) first: Option<String>,
    /// Some values, with `--show-values`: clients' data.
    pub(crate) values: Vec<String>,
    /// The types of the values of a field that is not known.
    pub(crate) types: BTreeSet<&'static str>,
}

/// How often a part could have been there, and was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) expected: u64,
    pub(crate) present: u64,
}

/// Everything that is noted while a response is checked.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) counts: Vec<Count>,
    faults: BTreeMap<(usize, Kind, String), (Source, Occurrence)>,
    words: BTreeMap<(usize, Kind), Words>,
    show_values: bool,
    redactor: Redactor,
}

impl Findings {
    pub(crate) fn new(parts: usize, show_values: bool, redactor: Redactor) -> Self {
        Self {
            counts: vec![Count::default(); parts],
            faults: BTreeMap::new(),
            words: BTreeMap::new(),
            show_values,
            redactor,
        }
    }

    /// A part could be here, and is or is not.
    pub(crate) fn count(&mut self, part: &Part, is_present: bool) {
        if let Some(count) = self.counts.get_mut(part.id) {
            count.expected += 1;
            count.present += u64::from(is_present);
        }
    }

    /// Something is wrong at a place. The message holds nothing of the value.
    pub(crate) fn add(
        &mut self,
        part: &Part,
        place: String,
        (kind, source, message): (Kind, Source, String),
        value: Option<&Value>,
    ) {
        let value = self.value(value);
        let (_, hit) = self
            .faults
            .entry((part.id, kind, message))
            .or_insert_with(|| (source, Occurrence::default()));
        hit.add(place, value);
    }

    /// The contract does not have this name or value, which is shown if it surely is no data.
    pub(crate) fn add_word(
        &mut self,
        part: &Part,
        place: String,
        kind: Kind,
        (word, is_plain): (&str, bool),
        value: &Value,
    ) {
        let word =
            (is_plain || self.show_values).then(|| self.redactor.shown(word, MAX_CHARACTERS));
        let shown = self.value(Some(value));
        let hit = self.words.entry((part.id, kind)).or_default().hit(word);
        hit.add(place, shown);
        if kind == Kind::UnknownField {
            hit.types.insert(type_of(value));
        }
    }

    fn value(&self, value: Option<&Value>) -> Option<String> {
        let value = value.filter(|_| self.show_values)?;
        Some(self.redactor.shown(&value.to_string(), MAX_CHARACTERS))
    }

    /// All that was found, in the order of the parts.
    pub(crate) fn findings(self, body: &Part) -> Vec<Finding> {
        let mut parts = Vec::new();
        body.each(&mut |part| parts.push(part));
        let count = |id: usize| self.counts.get(id).copied().unwrap_or_default();
        let mut findings = Vec::new();
        for ((id, kind, message), (source, hit)) in self.faults {
            let Some(part) = parts.get(id) else { continue };
            let (path, count) = (part.path.clone(), count(id));
            let of = if kind == Kind::MissingField { count.expected } else { count.present };
            findings.push((id, Finding { kind, source, path, message, hit, of }));
        }
        for ((id, kind), words) in self.words {
            let Some(part) = parts.get(id) else { continue };
            for finding in words.findings(part, kind, count(id).present) {
                findings.push((id, finding));
            }
        }
        findings.sort_by_key(|(id, finding)| (*id, finding.kind));
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}

impl Occurrence {
    fn add(&mut self, place: String, value: Option<String>) {
        self.count += 1;
        self.first.get_or_insert(place);
        if let Some(value) = value
            && self.values.len() < MAX_VALUES
            && !self.values.contains(&value)
        {
            self.values.push(value);
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

/// The names or values of one place that the contract does not have.
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

    fn findings(self, part: &Part, kind: Kind, of: u64) -> Vec<Finding> {
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
                let message = format!("unknown field, with {types}");
                finding(below(&word), message, hit)
            } else {
                let message = format!("unknown value `{word}`");
                finding(part.path.clone(), message, hit)
            });
        }
        if self.hidden.count > 0 {
            let why = if self.are_many { "many different" } else { "they look like data" };
            findings.push(if is_field {
                let message = format!("unknown fields ({why}, not shown)");
                finding(below("*"), message, self.hidden)
            } else {
                let message = format!("unknown values ({why}, not shown)");
                finding(part.path.clone(), message, self.hidden)
            });
        }
        findings
    }
}

/// The type of a value, for a message.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::Bool(_) => "true or false",
        Value::Null => "null",
        Value::Number(_) => "a number",
    }
}
