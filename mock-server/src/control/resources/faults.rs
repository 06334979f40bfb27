//! Fault rules, of the whole mock and of one partner.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::control::ControlState;
use crate::control::extract::{Json, Owner, Path};
use crate::control::response::{ApiError, List, check_quota, created};
use crate::faults::Rule;
use crate::faults::registry::RuleState;
use crate::mock::{ActiveRule, Faults, Mock};
use crate::state::keys::api_key;

pub(super) fn router() -> Router<ControlState> {
    let all = || get(list_faults).post(add_fault).delete(remove_faults);
    Router::new()
        .route("/faults", all())
        .route("/partners/{partner}/faults", all())
        .route("/faults/{fault}", get(get_fault).delete(remove_fault))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::control) struct Fault {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^f-[1-9][0-9]*$")))]
    id: String,
    /// The options of the rule. A key is `[redacted]`.
    rule: Map<String, Value>,
    /// The text form of the rule, as `status=503 times=2`.
    text: String,
    /// How many requests it was applied to.
    hits: u64,
    /// How many requests reached it: those that it is for, and that no earlier rule was applied to.
    reached: u64,
    /// Whose it is, or null: the whole mock's.
    partner: Option<String>,
    /// False once its `ttl` is over, or it is a partner's and has had all its `times`.
    active: bool,
    /// True if its `ttl` is over and was what ended it.
    expired: bool,
}

impl Fault {
    pub(super) fn of(rule: &RuleState, active: bool) -> Self {
        Self {
            id: rule.id(),
            rule: rule.spec().options().map(redacted).collect(),
            text: rule.text().to_owned(),
            hits: rule.hits(),
            reached: rule.reached(),
            partner: rule.owner().map(|owner| owner.to_string()),
            active,
            expired: rule.is_expired(),
        }
    }
}

/// The body, a header or a value of a rule may hold a key.
fn redacted((option, value): (&str, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) => api_key::redact_text(&text).into(),
        Value::Object(texts) => texts
            .into_iter()
            .map(|(name, text)| redacted((&api_key::redact_text(&name), text)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(texts) => {
            texts.into_iter().map(|text| redacted((option, text)).1).collect::<Vec<_>>().into()
        }
        value => value,
    };
    (option.to_owned(), value)
}

impl Owner {
    fn faults(&self, mock: &Mock) -> Faults {
        self.0.as_ref().map_or_else(|| mock.faults(), crate::mock::Partner::faults)
    }
}

async fn list_faults(State(mock): State<Mock>, owner: Owner) -> Json<List<Fault>> {
    let active = owner.faults(&mock).active();
    Json(List { data: active.iter().map(|one| Fault::of(one.state(), true)).collect() })
}

async fn add_fault(
    State(mock): State<Mock>,
    owner: Owner,
    Json(rule): Json<Rule>,
) -> Result<Response, ApiError> {
    check_quota(mock.handler().rules.len(), "rules")?;
    let added = owner.faults(&mock).add(rule)?;
    owner.undo_if_removed(|| added.remove())?;
    Ok(created(&["faults", &added.id()], Json(Fault::of(added.state(), true))))
}

async fn remove_faults(State(mock): State<Mock>, owner: Owner) -> StatusCode {
    owner.faults(&mock).clear();
    StatusCode::NO_CONTENT
}

fn find(mock: &Mock, id: &str) -> Result<ActiveRule, ApiError> {
    mock.rule_with_id(id).ok_or_else(|| ApiError::not_found(&format!("there is no fault `{id}`")))
}

async fn get_fault(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<Json<Fault>, ApiError> {
    let rule = find(&mock, &id)?;
    Ok(Json(Fault::of(rule.state(), rule.is_active())))
}

async fn remove_fault(
    State(mock): State<Mock>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    find(&mock, &id)?.remove();
    Ok(StatusCode::NO_CONTENT)
}
