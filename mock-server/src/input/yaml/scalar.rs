//! What a scalar is: text, or by YAML 1.2's core schema a number, a boolean or null (section 10.3).

use std::borrow::Cow;

use saphyr_parser::{ScalarStyle, Tag};

#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Boolean(bool),
    /// As JSON writes it.
    Number(String),
    /// By the core schema a number, and none that JSON has.
    NoNumber,
    Text(String),
}

pub(super) fn unknown_tag(tag: &Tag) -> String {
    let handle = if tag.is_yaml_core_schema() { "!!" } else { &tag.handle };
    let tag = format!("{handle}{}", tag.suffix);
    format!("the tag `{tag}`: expected none, or one of the core schema that fits")
}

impl Scalar {
    pub(super) fn read(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Self, String> {
        let is_plain = style == ScalarStyle::Plain;
        let Some(tag) = tag else {
            return Ok(if is_plain { Self::plain(text) } else { Self::Text(text.to_owned()) });
        };
        // `!` alone says that it is no plain one (YAML 1.2, section 6.9.1).
        if tag.handle.is_empty() && tag.suffix == "!" {
            return Ok(Self::Text(text.to_owned()));
        }
        if !tag.is_yaml_core_schema() {
            return Err(unknown_tag(tag));
        }
        let scalar = Self::plain(text);
        match (tag.suffix.as_str(), scalar) {
            ("str", _) => Ok(Self::Text(text.to_owned())),
            ("null", scalar @ Self::Null)
            | ("bool", scalar @ Self::Boolean(_))
            | ("float", scalar @ (Self::Number(_) | Self::NoNumber)) => Ok(scalar),
            ("int", Self::Number(number)) if !number.contains(['.', 'e', 'E']) => {
                Ok(Self::Number(number))
            }
            _ => Err(unknown_tag(tag)),
        }
    }

    fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::Boolean(true),
            "false" | "False" | "FALSE" => Self::Boolean(false),
            text => number(text).unwrap_or_else(|| Self::Text(text.to_owned())),
        }
    }

    /// Writes it as JSON.
    pub(super) fn write(&self, json: &mut String) -> Result<(), String> {
        let text = match self {
            Self::Null => Cow::Borrowed("null"),
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            Self::Number(number) => number.as_str().into(),
            Self::NoNumber => return Err("expected a number as JSON has it, or quotes".to_owned()),
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string().into(),
        };
        json.push_str(&text);
        Ok(())
    }
}

fn number(text: &str) -> Option<Scalar> {
    let based = |digits: &str, radix| {
        let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        let number = u64::from_str_radix(digits, radix).ok();
        let written = number.map_or(Scalar::NoNumber, |number| Scalar::Number(number.to_string()));
        is_number.then_some(written)
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return based(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return based(digits, 16);
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(Scalar::NoNumber),
        ".nan" | ".NaN" | ".NAN" if text == unsigned => return Some(Scalar::NoNumber),
        _ => {}
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = unsigned.split_at(digits(unsigned));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || digits(exponent) < exponent.len() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    let has_point = unsigned.contains('.');
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = match (has_point, fraction) {
        (true, "") => ".0".to_owned(),
        (true, fraction) => format!(".{fraction}"),
        (false, _) => String::new(),
    };
    Some(Scalar::Number(format!("{sign}{whole}{fraction}{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_the_core_schema_says() {
        let number = |text: &str| Scalar::Number(text.to_owned());
        for (text, expected) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("NULL", Scalar::Null),
            ("True", Scalar::Boolean(true)),
            ("FALSE", Scalar::Boolean(false)),
            ("0", number("0")),
            ("-0", number("-0")),
            ("+12", number("12")),
            ("007", number("7")),
            ("0o14", number("12")),
            ("0xFf", number("255")),
            ("25.0000", number("25.0000")),
            (".5", number("0.5")),
            ("5.", number("5.0")),
            ("-01.50e+3", number("-1.50e+3")),
            ("1E9", number("1E9")),
            ("123456789012345678901234567890", number("123456789012345678901234567890")),
            ("-.inf", Scalar::NoNumber),
            (".NaN", Scalar::NoNumber),
            ("0xffffffffffffffffff", Scalar::NoNumber),
        ] {
            assert_eq!(Scalar::plain(text), expected, "{text}");
            if expected != Scalar::NoNumber {
                let mut json = String::new();
                expected.write(&mut json).unwrap();
                let _: serde_json::Value = serde_json::from_str(&json).unwrap();
            }
        }
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "nUll",
            "tRue",
            ".",
            "+",
            "-",
            "e3",
            "1e",
            "1e+",
            "1_000",
            "0x",
            "0o8",
            "0xg",
            "-0x1",
            "1:30",
            "1.2.3",
            "12ms",
            "-.nan",
            "inf",
            "NaN",
            "2026-06-01",
        ] {
            assert_eq!(Scalar::plain(text), Scalar::Text(text.to_owned()));
        }
    }
}
