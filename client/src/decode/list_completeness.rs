//! Whether a response holds a whole list, or announces more pages.
//!
//! The reference shows no pages. If the service begins to send them, a program that copies companies
//! into a database must not take the first page for the whole list.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::LINK;

use crate::models::json_text::JsonText;
use crate::models::object::UnknownFields;

/// Fields that announce more pages unless they are null or empty.
const CURSORS: [&str; 8] = [
    "next",
    "nextPage",
    "next_page",
    "nextCursor",
    "next_cursor",
    "nextPageToken",
    "next_page_token",
    "cursor",
];

/// Fields that announce more pages if they are true.
const FLAGS: [&str; 2] = ["hasMore", "has_more"];

/// Objects in the envelope that may hold these fields.
const OBJECTS: [&str; 4] = ["meta", "pagination", "paging", "links"];

/// The path of the field, or the name of the header, that announces more pages.
pub(crate) fn more_pages(headers: &HeaderMap, envelope: &UnknownFields) -> Option<String> {
    envelope.iter().find_map(|(name, json)| more_at(name, json)).or_else(|| {
        let links = headers.get_all(LINK).iter();
        let has_next = links.map(|value| String::from_utf8_lossy(value.as_bytes()));
        has_next.into_iter().any(|links| links_to_next(&links)).then(|| "Link".to_owned())
    })
}

fn more_at(name: &str, json: &str) -> Option<String> {
    if announces_more(name, json) {
        return Some(name.to_owned());
    }
    if !OBJECTS.contains(&name) {
        return None;
    }
    let fields: BTreeMap<String, JsonText<'_>> = serde_json::from_str(json).ok()?;
    let (field, _) = fields.iter().find(|(field, value)| announces_more(field, &value.0))?;
    Some(format!("{name}.{field}"))
}

fn announces_more(name: &str, json: &str) -> bool {
    let is_empty = || {
        let brackets = [('[', ']'), ('{', '}'), ('"', '"')];
        let inside = |(open, close)| json.strip_prefix(open)?.strip_suffix(close);
        brackets.into_iter().find_map(inside).is_some_and(|text| {
            if json.starts_with('"') { text.is_empty() } else { text.trim_ascii().is_empty() }
        })
    };
    if FLAGS.contains(&name) {
        return json == "true";
    }
    CURSORS.contains(&name) && json != "null" && !is_empty()
}

/// Whether a `Link` header has a link with the relation `next` (RFC 8288, section 3).
fn links_to_next(header: &str) -> bool {
    split_unquoted(header, ',').into_iter().any(|link| {
        let mut parameters = split_unquoted(link, ';').into_iter().skip(1);
        // Only the first `rel` of a link counts.
        parameters.find_map(relations).is_some_and(|relations| {
            relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    })
}

fn relations(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
}

/// Splits where the separator is neither in quotes nor in angle brackets.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped, mut is_uri) = (false, false, false);
    text.split(|found| {
        match found {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if !is_uri => is_quoted = !is_quoted,
            '<' if !is_quoted => is_uri = true,
            '>' if !is_quoted => is_uri = false,
            _ => return found == separator && !is_quoted && !is_uri,
        }
        false
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn announced(fields: &[(&str, &str)], links: &[&str]) -> Option<String> {
        let mut envelope = UnknownFields::default();
        for (name, json) in fields {
            envelope.push(name, json);
        }
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(LINK, HeaderValue::from_str(link).unwrap());
        }
        more_pages(&headers, &envelope)
    }

    #[test]
    fn each_field_announces_more_at_the_top_and_in_each_object() {
        let fields = CURSORS.map(|name| (name, "\"c-1\"")).into_iter();
        for (name, json) in fields.chain(FLAGS.map(|name| (name, "true"))) {
            assert_eq!(announced(&[("total", "1"), (name, json)], &[]).as_deref(), Some(name));
            for object in OBJECTS {
                let json = format!(r#"{{"total":1, "{name}" : {json} }}"#);
                let path = format!("{object}.{name}");
                assert_eq!(announced(&[(object, &json)], &[]), Some(path), "{json}");
            }
        }
        for json in ["2", "0", "true", "false", r#"{"href":"/x"}"#, "[1]", "\" \""] {
            assert_eq!(announced(&[("next", json)], &[]).as_deref(), Some("next"), "{json}");
        }
        let twice = [("next", "null"), ("next", "1")];
        assert_eq!(announced(&twice, &[]).as_deref(), Some("next"));
    }

    #[test]
    fn empty_values_and_other_fields_announce_nothing() {
        for (name, json) in [
            ("next", "null"),
            ("next", "\"\""),
            ("next", "{ }"),
            ("next", "[]"),
            ("hasMore", "false"),
            ("hasMore", "null"),
            ("has_more", "\"true\""),
            ("hasMore", "1"),
            ("more", "true"),
            ("NEXT", "1"),
            ("next_url", "\"x\""),
            ("page", "1"),
            ("total", "7"),
            ("meta", r#"{"next":null,"hasMore":false}"#),
            ("meta", r#"{"paging":{"next":1}}"#),
            ("meta", r#""next""#),
            ("meta", "[{\"next\":1}]"),
            ("other", r#"{"next":1}"#),
        ] {
            assert_eq!(announced(&[(name, json)], &[]), None, "{name}: {json}");
        }
    }

    #[test]
    fn a_link_to_the_next_page_is_found_among_others() {
        for links in [
            &[r#"</api/v1/companies?cursor=c>; rel="next""#][..],
            &["<x>; rel=next"],
            &["<x>;REL=NEXT"],
            &["<x> ; title=\"a, b; rel=prev\" ; rel = \"last Next\""],
            &["<a,b;c>; rel=prev, <d>; rel=\"next\"; title=\"\\\"\""],
            &["<x>; rel=prev", "<y>; rel=next"],
        ] {
            assert_eq!(announced(&[], links).as_deref(), Some("Link"), "{links:?}");
        }
        for links in [
            &["<x>; rel=prev"][..],
            &["<x?rel=next>; rel=prev"],
            &["<x;rel=next>"],
            &["<x>; title=\"<y>; rel=next\""],
            &["<x>; rel=prev; rel=next"],
            &["<x>; rel=nextish", "<x>; rev=next", "<x>", "", ";;=,,"],
        ] {
            assert_eq!(announced(&[], links), None, "{links:?}");
        }
    }
}
