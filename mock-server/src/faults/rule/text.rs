//! The text form of a rule: `option=value` separated by spaces, a bare option where it is true.
//!
//! A value that is not plain is written as JSON: `body="two words"`, `headers={"x-a":"1"}`. All
//! else is the JSON form's, so that both are read by one parser.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::{FaultSpec, RuleError};

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (option, value)) in self.options().enumerate() {
            let between = if at == 0 { "" } else { " " };
            match value {
                Value::Bool(true) => write!(f, "{between}{option}")?,
                Value::String(text) if is_plain(&text) => write!(f, "{between}{option}={text}")?,
                value => write!(f, "{between}{option}={value}")?,
            }
        }
        Ok(())
    }
}

/// Whether a text can be written without quotes, and is not taken for two options, a number or JSON.
fn is_plain(text: &str) -> bool {
    let starts_like_text = text.starts_with(|first: char| !"\"{".contains(first));
    starts_like_text
        && text.chars().all(|char| !char.is_whitespace() && !char.is_control())
        && (matches!(plain(text), Value::String(_)) || text.parse::<u64>().is_ok())
}

fn plain(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) if number.is_finite() => number.into(),
            _ => text.into(),
        },
    }
}

/// The options as JSON.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Value>, RuleError> {
    let mut options = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let name_ends = rest.find(|char: char| char == '=' || char.is_whitespace());
        let (option, after) = rest.split_at(name_ends.unwrap_or(rest.len()));
        let (value, after) = match after.strip_prefix('=') {
            None => (Value::Bool(true), after),
            Some(value) => read_value(option, value)?,
        };
        if options.insert(option.to_owned(), value).is_some() {
            return Err(RuleError::of("", format!("`{option}` is given twice")));
        }
        rest = after.trim_start();
    }
    Ok(options)
}

/// The value at the start of a text, and what follows it.
fn read_value<'a>(option: &str, text: &'a str) -> Result<(Value, &'a str), RuleError> {
    if text.starts_with(['"', '{']) || (option == "remove" && text.starts_with('[')) {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let value = values.next().and_then(Result::ok);
        let value = value.ok_or_else(|| RuleError::of(option, "expected JSON after `=`"))?;
        return Ok((value, text.get(values.byte_offset()..).unwrap_or_default()));
    }
    let (value, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    // Options whose value is text may be given one that looks like a number.
    let value = match option {
        "body" | "remove" | "contentType" | "operation" | "partner" | "key" => value.into(),
        _ => plain(value),
    };
    Ok((value, after))
}
