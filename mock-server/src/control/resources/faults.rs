//! Rules by which requests meet faults: of the whole mock, and of one partner.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::control::quota;
use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure, List};
use crate::control::route::Route;
use crate::faults::Rule;
use crate::faults::registry::InForce;
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
    injected: u64,
    partner: Option<String>,
    in_force: bool,
}

impl FaultBody {
    fn of(rule: &InForce, in_force: bool) -> Self {
        Self {
            id: rule.id(),
            rule: rule.words().said().map(shown).collect(),
            text: rule.text().to_owned(),
            injected: rule.injected(),
            partner: rule.owner().map(|owner| owner.to_string()),
            in_force,
        }
    }
}

/// A body or a header that a rule says may hold a key.
fn shown((word, value): (&str, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) => api_key::redact_text(&text).into(),
        Value::Object(texts) => texts
            .into_iter()
            .map(|(name, text)| shown((&api_key::redact_text(&name), text)))
            .collect::<Map<_, _>>()
            .into(),
        value => value,
    };
    (word.to_owned(), value)
}

fn faults(asked: &Asked) -> Result<Faults, Failure> {
    let partner = asked.partner_if_named()?;
    Ok(partner.as_ref().map_or_else(|| asked.mock().faults(), Partner::faults))
}

fn list(asked: &Asked) -> Answer {
    let active = faults(asked)?.active();
    let data = active.iter().map(|one| FaultBody::of(one.in_force(), true)).collect();
    response::json(&List { data })
}

fn add(asked: &Asked) -> Answer {
    let faults = faults(asked)?;
    let rule = read(asked.text()?)?;
    let mock = asked.mock();
    quota::check(mock.api().rules.len(), "rules")?;
    let added = faults.add(rule)?;
    asked.undo_if_removed(|| added.remove())?;
    let body = FaultBody::of(added.in_force(), true);
    Ok(response::created(response::json(&body)?, &["faults", &added.id()]))
}

/// A rule as JSON has it, or its text form as `{"rule": "status=503 times=2"}`.
fn read(text: &str) -> Result<Rule, Failure> {
    let fields = json::fields::<Box<RawValue>>(text)?;
    match fields.get("rule") {
        None => Ok(Rule::of(json::object(text)?)),
        Some(_) if fields.len() > 1 => {
            let message = "expected it alone, or the words of a rule in its place";
            Err(Failure::invalid("rule", message))
        }
        Some(rule) => {
            let rule: String = serde_json::from_str(rule.get())
                .map_err(|_| Failure::invalid("rule", "expected a rule in its text form"))?;
            rule.parse().map_err(|error| Failure::invalid("rule", format!("{error}")))
        }
    }
}

fn find(asked: &Asked) -> Result<(ActiveRule, bool), Failure> {
    let id = asked.name(0);
    asked.mock().rule_with_id(id).ok_or_else(|| {
        let id = id.escape_debug();
        Failure::not_found(format!("there is no fault `{id}`, or it was removed"))
    })
}

fn get(asked: &Asked) -> Answer {
    let (rule, in_force) = find(asked)?;
    response::json(&FaultBody::of(rule.in_force(), in_force))
}

fn remove(asked: &Asked) -> Answer {
    find(asked)?.0.remove();
    Ok(response::no_content())
}

fn remove_all(asked: &Asked) -> Answer {
    faults(asked)?.clear();
    Ok(response::no_content())
}
