//! The findings of one response, counted by place: the same difference in 100,000 items is one
//! finding.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::schema::Part;
use super::severity::Source;
use crate::remote::Redactor;

/// More different names or values at one place than this are data, and are not shown.
const MAX_SHOWN: usize = 8;
/// How many values of a finding are kept, where values are asked for.
const MAX_VALUES: usize = 3;
/// The most characters of a value that are shown.
const MAX_CHARACTERS: usize = 60;

/// The kind of a finding. The names are for programs, and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    /// The name in reports.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").chars().fold(String::new(), |mut name, char| {
            if char.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(char.to_ascii_lowercase());
            name
        })
    }
}

/// One finding, at one place of the contract. As JSON, it is an entry of the report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    #[serde(flatten)]
    pub(crate) source: Source,
    /// `data[].name`, or the name of a header; empty for the response as a whole.
    pub(crate) path: String,
    /// What was expected, and what was received.
    pub(crate) message: String,
    #[serde(flatten)]
    pub(crate) hit: Occurrence,
    /// How many values were checked for it.
    pub(crate) of: u64,
}

/// How often a finding occurred, and where first.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Occurrence {
    pub(crate) count: u64,
    /// `data[17].name`
    pub(crate) first: Option<String>,
    /// Some values, with `--show-values`: clients' data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    /// The types of the values of a field that is not known.
    #[serde(skip)]
    pub(crate) types: BTreeSet<&'static str>,
}

/// How often a part could have been there, and was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) expected: u64,
    pub(crate) present: u64,
}

/// The findings while a response is checked.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) counts: Vec<Count>,
    /// By part, kind, and message, or for an unknown name or value by that, if it may be shown.
    found: BTreeMap<(usize, Kind, Option<String>), (Source, Occurrence)>,
    show_values: bool,
    redactor: Redactor,
}

impl Findings {
    pub(crate) fn new(parts: usize, show_values: bool, redactor: Redactor) -> Self {
        let counts = vec![Count::default(); parts];
        Self { counts, found: BTreeMap::new(), show_values, redactor }
    }

    /// A part could be here, and is or is not.
    pub(crate) fn count(&mut self, part: &Part, is_present: bool) {
        if let Some(count) = self.counts.get_mut(part.id) {
            count.expected += 1;
            count.present += u64::from(is_present);
        }
    }

    /// Adds a finding at a place. The message contains nothing of the value.
    pub(crate) fn add(
        &mut self,
        part: &Part,
        place: String,
        (kind, source, message): (Kind, Source, String),
        value: Option<&Value>,
    ) {
        let value = self.value(value);
        let found = self.found.entry((part.id, kind, Some(message)));
        found.or_insert_with(|| (source, Occurrence::default())).1.add(place, value);
    }

    /// The contract does not have this name or value, which is shown if it surely is no data.
    pub(crate) fn add_unknown(
        &mut self,
        part: &Part,
        place: String,
        kind: Kind,
        (text, is_plain): (&str, bool),
        value: &Value,
    ) {
        let text =
            (is_plain || self.show_values).then(|| self.redactor.shown(text, MAX_CHARACTERS));
        let shown = self.value(Some(value));
        let found = self.found.entry((part.id, kind, text));
        let (_, hit) = found.or_insert_with(|| (Source::addition(), Occurrence::default()));
        hit.add(place, shown);
        hit.types.insert(type_of(value));
    }

    fn value(&self, value: Option<&Value>) -> Option<String> {
        let value = value.filter(|_| self.show_values)?;
        Some(self.redactor.shown(&value.to_string(), MAX_CHARACTERS))
    }

    /// All findings, in the order of the parts.
    pub(crate) fn findings(mut self, body: &Part) -> Vec<Finding> {
        let mut parts = Vec::new();
        body.each(&mut |part| parts.push(part));
        let many = self.hide_many();
        let mut findings = Vec::new();
        for ((id, kind, text), (source, hit)) in self.found {
            let (Some(part), Some(count)) = (parts.get(id), self.counts.get(id)) else { continue };
            let why =
                if many.contains(&(id, kind)) { "many different" } else { "they look like data" };
            let dot = if part.path.is_empty() { "" } else { "." };
            let types: Vec<_> = hit.types.iter().copied().collect();
            let (below, message) = match (kind, text) {
                (Kind::UnknownField, Some(name)) => {
                    (format!("{dot}{name}"), format!("unknown field, with {}", types.join(" or ")))
                }
                (Kind::UnknownField, None) => {
                    (format!("{dot}*"), format!("unknown fields ({why}, not shown)"))
                }
                (Kind::UnknownValue, Some(value)) => {
                    (String::new(), format!("unknown value `{value}`"))
                }
                (_, Some(message)) => (String::new(), message),
                (_, None) => (String::new(), format!("unknown values ({why}, not shown)")),
            };
            let of = if kind == Kind::MissingField { count.expected } else { count.present };
            findings.push(Finding {
                kind,
                source,
                path: part.path.clone() + &below,
                message,
                hit,
                of,
            });
        }
        findings
    }

    /// Merges the unknown names and values of a place where they are many, and returns those places.
    fn hide_many(&mut self) -> BTreeSet<(usize, Kind)> {
        let mut shown = BTreeMap::new();
        for (id, kind, text) in self.found.keys() {
            if matches!(kind, Kind::UnknownField | Kind::UnknownValue) && text.is_some() {
                *shown.entry((*id, *kind)).or_insert(0) += 1;
            }
        }
        shown.retain(|_, count| *count > MAX_SHOWN);
        let many: BTreeSet<_> = shown.into_keys().collect();
        for ((id, kind, text), (source, hit)) in std::mem::take(&mut self.found) {
            let text = text.filter(|_| !many.contains(&(id, kind)));
            let found = self.found.entry((id, kind, text));
            found.or_insert_with(|| (source, Occurrence::default())).1.absorb(hit);
        }
        many
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
