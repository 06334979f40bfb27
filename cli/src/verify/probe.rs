//! Sends the requests of the contract, and judges each response: head first, then body.

use http::HeaderMap;

use super::check::check;
use super::contract::{Contract, Exchange};
use super::findings::{Finding, Findings, Kind, Occurrence};
use super::observed::Observed;
use super::report::{Checked, Outcome, Probe};
use super::schema::BodySchema;
use super::severity::Source;
use crate::remote::{Credentials, Received, Redactor, Service};

const NOT_THE_API: &str = "no response has a status that the contract has; check the base URL";

/// Sends every request once, one after the other, and at last one that allows compression. After
/// one for which no connection can be made, no other is sent.
pub(crate) async fn run(
    service: &Service,
    contract: &Contract,
    show_values: bool,
) -> (Vec<Probe>, Observed) {
    let (mut probes, mut observed) = (Vec::new(), Observed::default());
    let mut is_unreachable = false;
    let mut compressible = None;
    for exchange in &contract.exchanges {
        let mut probe = Probe {
            operation: exchange.operation.clone(),
            path: exchange.path.clone(),
            credentials: exchange.credentials,
            status: None,
            outcome: Outcome::Unchecked("the service cannot be reached".to_owned()),
        };
        if !is_unreachable {
            match service.get(&exchange.path, exchange.credentials).await {
                Ok(response) => {
                    observed.add(&response, &service.redactor);
                    probe.status = Some(response.status);
                    probe.outcome = judge(exchange, &response, show_values, &service.redactor);
                    if response.status == 200 && exchange.credentials == Credentials::Key {
                        compressible = Some(&exchange.path);
                    }
                }
                Err(error) => {
                    is_unreachable = error.is_unreachable;
                    probe.outcome = Outcome::Unchecked(error.to_string());
                }
            }
        }
        probes.push(probe);
    }
    // A service that has none of the documented statuses is another one.
    if probes
        .iter()
        .all(|one| matches!(&one.outcome, Outcome::Checked(checked) if checked.is_foreign))
    {
        for probe in &mut probes {
            probe.outcome = Outcome::Unchecked(NOT_THE_API.to_owned());
        }
    } else if let Some(path) = compressible
        && let Ok(response) = service.get_compressed(path).await
    {
        observed.add_coding(&response, &service.redactor);
    }
    (probes, observed)
}

fn judge(
    exchange: &Exchange,
    response: &Received,
    show_values: bool,
    redactor: &Redactor,
) -> Outcome {
    let (status, expected) = (response.status, exchange.status);
    // The page of a gateway says nothing about the service.
    if response.is_html() && (status != expected || expected < 300) {
        return Outcome::Unchecked(format!(
            "an HTML page with status {status}, as of a proxy or a login in front of the service"
        ));
    }
    if response.is_elsewhere() {
        return Outcome::Unchecked(response.problem(redactor));
    }
    if response.coding().is_some() {
        return Outcome::Unchecked("the body is compressed, which was not requested".to_owned());
    }
    match status {
        status if status == expected => {}
        401 if exchange.credentials == Credentials::Key => {
            return Outcome::Unchecked(response.problem(redactor));
        }
        200..=299 if exchange.credentials != Credentials::Key => {
            let message =
                format!("a request with {} was not rejected", exchange.credentials.name());
            return Outcome::of_head(head_finding(Kind::NotRejected, "", message, None));
        }
        status => {
            let message = format!("expected status {expected}, got {status}");
            return Outcome::of_head(head_finding(Kind::Status, "", message, None));
        }
    }

    let mut head = Vec::new();
    let content_type = response.content_type();
    if !content_type.as_ref().is_some_and(|found| exchange.content_types.contains(found)) {
        let expected = exchange.content_types.join(" or ");
        let found = content_type.map_or("none".to_owned(), |found| redactor.shown(&found, 60));
        let message = format!("expected {expected}, got {found}");
        head.push(head_finding(Kind::ContentType, "Content-Type", message, None));
    }
    head.extend(headers(exchange, &response.headers));
    let mut body = Findings::new(exchange.body.parts, show_values, redactor.clone());
    let mut is_complete = false;
    if !response.is_html() {
        match std::str::from_utf8(&response.body) {
            Err(error) => {
                let message = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
                head.push(head_finding(Kind::NotJson, "", message, None));
            }
            Ok(text) => match check(&exchange.body, &mut body, text) {
                Err(error) => {
                    let message = format!("the body is not JSON: {error}");
                    head.push(head_finding(Kind::NotJson, "", message, None));
                }
                Ok(()) => is_complete = true,
            },
        }
    }
    Outcome::checked(&exchange.body, body, head, is_complete)
}

fn headers<'a>(exchange: &'a Exchange, found: &'a HeaderMap) -> impl Iterator<Item = Finding> + 'a {
    exchange.headers.iter().filter_map(|header| {
        let mut values = found.get_all(&header.name).iter().peekable();
        if values.peek().is_none() {
            let source = header.required.as_ref()?;
            let message = "missing".to_owned();
            return Some(head_finding(Kind::MissingHeader, &header.name, message, Some(source)));
        }
        let (pattern, source) = header.pattern.as_ref()?;
        if values.any(|value| value.to_str().is_ok_and(|text| header.schema.is_valid(&text.into())))
        {
            return None;
        }
        let message = format!("expected text that matches {pattern}, got other text");
        Some(head_finding(Kind::Header, &header.name, message, Some(source)))
    })
}

/// Something that a response has once.
fn head_finding(kind: Kind, path: &str, message: String, source: Option<&Source>) -> Finding {
    Finding {
        kind,
        source: source.cloned().unwrap_or_else(Source::violation),
        path: path.to_owned(),
        message,
        hit: Occurrence { count: 1, ..Occurrence::default() },
        of: 1,
    }
}

impl Outcome {
    fn checked(
        schema: &BodySchema,
        body: Findings,
        mut findings: Vec<Finding>,
        is_complete: bool,
    ) -> Self {
        let (mut seen, mut unseen) = (Vec::new(), Vec::new());
        if is_complete {
            schema.root.each(&mut |part| {
                let count = body.counts.get(part.id).copied().unwrap_or_default();
                let list = if count.expected > 0 { &mut seen } else { &mut unseen };
                list.push(part.path.clone());
            });
        }
        findings.extend(body.findings(&schema.root));
        Self::Checked(Checked { findings, seen, unseen, is_foreign: false })
    }

    /// For a response whose body is not checked.
    fn of_head(finding: Finding) -> Self {
        Self::Checked(Checked {
            is_foreign: finding.kind == Kind::Status,
            findings: vec![finding],
            seen: Vec::new(),
            unseen: Vec::new(),
        })
    }
}

impl Credentials {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "the key",
            Self::NoKey => "no key",
            Self::UnknownKey => "an unknown key",
        }
    }
}
