//! Rules by which requests meet faults: of the whole mock, and of one partner.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::control::quota;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult, List};
use crate::control::route::Route;
use crate::faults::Rule;
use crate::faults::registry::RuleState;
use crate::input::json;
use crate::mock::{ActiveRule, Faults, Partner};
use crate::state::api_key;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/faults", list),
    Route::new("POST", "/faults", add),
    Route::new("DELETE", "/faults", remove_all),
    Route::new("GET", "/faults/{fault}", get),
    Route::new("DELETE", "/faults/{fault}", remove),
    Route::new("GET", "/partners/{partner}/faults", list),
    Route::new("POST", "/partners/{partner}/faults", add),
    Route::new("DELETE", "/partners/{partner}/faults", remove_all),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FaultBody {
    id: String,
    rule: Map<String, Value>,
    text: String,
    hits: u64,
    partner: Option<String>,
    active: bool,
}

impl FaultBody {
    fn of(rule: &RuleState, in_force: bool) -> Self {
        Self {
            id: rule.id(),
            rule: rule.spec().options().map(shown).collect(),
            text: rule.text().to_owned(),
            hits: rule.hits(),
            partner: rule.owner().map(|owner| owner.to_string()),
            active: in_force,
        }
    }
}

/// A body or a header that a rule says may hold a key.
fn shown((option, value): (&str, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) => api_key::redact_text(&text).into(),
        Value::Object(texts) => texts
            .into_iter()
            .map(|(name, text)| shown((&api_key::redact_text(&name), text)))
            .collect::<Map<_, _>>()
            .into(),
        value => value,
    };
    (option.to_owned(), value)
}

fn faults(request: &ControlRequest) -> Result<Faults, ApiError> {
    let partner = request.partner_if_named()?;
    Ok(partner.as_ref().map_or_else(|| request.mock().faults(), Partner::faults))
}

fn list(request: &ControlRequest) -> ControlResult {
    let active = faults(request)?.active();
    let data = active.iter().map(|one| FaultBody::of(one.in_force(), true)).collect();
    response::json(&List { data })
}

fn add(request: &ControlRequest) -> ControlResult {
    let faults = faults(request)?;
    let rule = read(request.text()?)?;
    let mock = request.mock();
    quota::check(mock.handler().rules.len(), "rules")?;
    let added = faults.add(rule)?;
    request.undo_if_removed(|| added.remove())?;
    let body = FaultBody::of(added.in_force(), true);
    Ok(response::created(response::json(&body)?, &["faults", &added.id()]))
}

/// A rule as JSON has it, or its text form as `{"rule": "status=503 times=2"}`.
fn read(text: &str) -> Result<Rule, ApiError> {
    let fields = json::fields::<Box<RawValue>>(text)?;
    match fields.get("rule") {
        None => Ok(Rule::of(json::object(text)?)),
        Some(_) if fields.len() > 1 => {
            let message = "expected it alone, or the options of a rule in its place";
            Err(ApiError::invalid("rule", message))
        }
        Some(rule) => {
            let rule: String = serde_json::from_str(rule.get())
                .map_err(|_| ApiError::invalid("rule", "expected a rule in its text form"))?;
            rule.parse().map_err(|error| ApiError::invalid("rule", format!("{error}")))
        }
    }
}

fn find(request: &ControlRequest) -> Result<(ActiveRule, bool), ApiError> {
    let id = request.name(0);
    request.mock().rule_with_id(id).ok_or_else(|| {
        let id = id.escape_debug();
        ApiError::not_found(format!("there is no fault `{id}`, or it was removed"))
    })
}

fn get(request: &ControlRequest) -> ControlResult {
    let (rule, in_force) = find(request)?;
    response::json(&FaultBody::of(rule.in_force(), in_force))
}

fn remove(request: &ControlRequest) -> ControlResult {
    find(request)?.0.remove();
    Ok(response::no_content())
}

fn remove_all(request: &ControlRequest) -> ControlResult {
    faults(request)?.clear();
    Ok(response::no_content())
}
