//! Asks the service what the contract has, and judges each answer: head first, then body.

use reqwest::header::HeaderMap;

use super::check::check;
use super::contract::{Contract, Exchange, With};
use super::findings::{Finding, Findings, Kind, Occurrence};
use super::report::{Asked, Checked, Outcome};
use super::schema::SchemaNode;
use super::severity::Source;
use crate::display::shown;
use crate::remote::{Answer, Key, Service};

/// A key that nobody has. It says what it is, for whoever meets it in the service's logs.
const MADE_UP_KEY: &str = "pk_live_madeupmadeupmadeupmadeup";

const NOT_THE_API: &str =
    "no answer has a status that the contract knows; is the base URL that of the API?";

/// Asks everything once, one after the other. Where no connection can be made, the rest is not
/// asked.
pub(crate) async fn ask(
    service: &Service,
    key: &Key,
    contract: &Contract,
    show_values: bool,
) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut unreachable = false;
    let made_up = Key::new(MADE_UP_KEY).ok();
    for exchange in &contract.exchanges {
        let mut entry = Asked {
            operation: exchange.operation.clone(),
            path: exchange.path.clone(),
            with: exchange.with,
            status: None,
            outcome: Outcome::Unchecked("the service cannot be reached".to_owned()),
        };
        if !unreachable {
            let key = match exchange.with {
                With::Key => Some(key),
                With::NoKey => None,
                With::MadeUpKey => made_up.as_ref(),
            };
            match service.get(&exchange.path, key).await {
                Ok(answer) => {
                    entry.status = Some(answer.status);
                    entry.outcome = judge(exchange, &answer, show_values);
                }
                Err(error) => {
                    unreachable = error.unreachable;
                    entry.outcome = Outcome::Unchecked(error.to_string());
                }
            }
        }
        asked.push(entry);
    }
    // A service that has none of the documented answers is another one.
    if asked
        .iter()
        .all(|one| matches!(&one.outcome, Outcome::Checked(checked) if checked.is_foreign))
    {
        for one in &mut asked {
            one.outcome = Outcome::Unchecked(NOT_THE_API.to_owned());
        }
    }
    asked
}

fn judge(exchange: &Exchange, answer: &Answer, show_values: bool) -> Outcome {
    let (content_type, is_html) = (answer.content_type(), answer.is_html());
    let expected = exchange.status;
    // What a gateway in front answers says nothing of the service.
    if is_html && (answer.status != expected || expected < 300) {
        let status = answer.status;
        return Outcome::Unchecked(format!(
            "a page of HTML with status {status}, as from a proxy or a login in front"
        ));
    }
    if let Some(why) = answer.elsewhere() {
        return Outcome::Unchecked(why);
    }
    match answer.status {
        status if status == expected => {}
        401 if exchange.with == With::Key => {
            return Outcome::Unchecked(format!("the key was refused{}", answer.code()));
        }
        200..=299 if exchange.with != With::Key => {
            let message = format!("a request with {} is answered", exchange.with.name());
            return Outcome::of_head(head_finding(Kind::NotRejected, "", message, None));
        }
        status => {
            let message = format!("expected status {expected}, got {status}");
            return Outcome::of_head(head_finding(Kind::Status, "", message, None));
        }
    }

    let mut findings = Vec::new();
    if !content_type.as_ref().is_some_and(|came| exchange.content_types.contains(came)) {
        let expected = exchange.content_types.join(" or ");
        let came = content_type.map_or("none".to_owned(), |came| shown(&came, 60));
        let message = format!("expected {expected}, got {came}");
        findings.push(head_finding(Kind::ContentType, "Content-Type", message, None));
    }
    findings.extend(headers(exchange, &answer.headers));
    let mut sheet = Findings::new(exchange.parts, show_values);
    let mut is_whole = false;
    if !is_html {
        match std::str::from_utf8(&answer.body) {
            Err(error) => {
                let message = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
                findings.push(head_finding(Kind::NotJson, "", message, None));
            }
            Ok(text) => match check(&exchange.body, &mut sheet, text) {
                Err(error) => {
                    let message = format!("the body is not JSON: {error}");
                    findings.push(head_finding(Kind::NotJson, "", message, None));
                }
                Ok(()) => is_whole = true,
            },
        }
    }
    Outcome::checked(&exchange.body, sheet, findings, is_whole)
}

fn headers<'a>(exchange: &'a Exchange, came: &'a HeaderMap) -> impl Iterator<Item = Finding> + 'a {
    exchange.headers.iter().filter_map(|header| {
        let mut values = came.get_all(&header.name).iter().peekable();
        if values.peek().is_none() {
            let source = header.required.as_ref()?;
            let message = "it is not there".to_owned();
            return Some(head_finding(Kind::MissingHeader, &header.name, message, Some(source)));
        }
        let (pattern, source) = header.pattern.as_ref()?;
        if values.any(|value| value.to_str().is_ok_and(|value| pattern.is_match(value))) {
            return None;
        }
        let message = format!("expected a text that matches {pattern}, got another");
        Some(head_finding(Kind::Header, &header.name, message, Some(source)))
    })
}

/// Something that an answer has once.
fn head_finding(kind: Kind, path: &str, message: String, source: Option<&Source>) -> Finding {
    Finding {
        kind,
        source: source.cloned().unwrap_or_else(Source::documented),
        path: path.to_owned(),
        message,
        hit: Occurrence { count: 1, ..Occurrence::default() },
        of: 1,
    }
}

impl Outcome {
    fn checked(
        body: &SchemaNode,
        sheet: Findings,
        mut findings: Vec<Finding>,
        is_whole: bool,
    ) -> Self {
        let (mut seen, mut unseen) = (Vec::new(), Vec::new());
        if is_whole {
            body.each(&mut |part| {
                let tally = sheet.counts.get(part.id).copied().unwrap_or_default();
                let list = if tally.due > 0 { &mut seen } else { &mut unseen };
                list.push(part.path.clone());
            });
        }
        findings.extend(sheet.findings(body));
        Self::Checked(Checked { findings, seen, unseen, is_foreign: false })
    }

    /// For an answer whose body is not looked at.
    fn of_head(finding: Finding) -> Self {
        Self::Checked(Checked {
            is_foreign: finding.kind == Kind::Status,
            findings: vec![finding],
            seen: Vec::new(),
            unseen: Vec::new(),
        })
    }
}
