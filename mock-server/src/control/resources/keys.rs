//! A partner's keys: issued, accepted, revoked. Of each, only the beginning of its hash is ever shown,
//! but for the one time that it is issued.

use serde::{Deserialize, Serialize};

use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult, List};
use crate::control::route::Route;
use crate::input::json::{Expected, non_null};
use crate::state::api_key;
use crate::state::store::PartnerKey;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners/{partner}/keys", list),
    Route::new("POST", "/partners/{partner}/keys", add),
    Route::new("DELETE", "/partners/{partner}/keys/{id}", revoke),
];

#[derive(Serialize)]
struct KeyBody {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    revoked: bool,
}

impl From<PartnerKey> for KeyBody {
    fn from(key: PartnerKey) -> Self {
        Self { id: key.id, key: None, revoked: key.revoked }
    }
}

fn list(request: &ControlRequest) -> ControlResult {
    let keys = request.partner()?.keys();
    response::json(&List { data: keys.into_iter().map(KeyBody::from).collect() })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[serde(default, deserialize_with = "non_null")]
    key: Option<String>,
}

impl Expected for NewKey {
    const EXPECTED: &'static str = "an object with a `key`, or an empty one";
}

fn add(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let NewKey { key } = request.body_or_default()?;
    let key = match key {
        Some(key) if !api_key::is_b64token(key.as_bytes()) => {
            return Err(ApiError::invalid("key", api_key::EXPECTED));
        }
        Some(key) => {
            partner.accept_key(&key)?;
            key
        }
        None => partner.issue_key(),
    };
    let id = api_key::KeyHash::of(&key).fingerprint();
    let place = ["partners", &partner.id(), "keys", &id];
    let body = KeyBody { id: id.clone(), key: Some(key), revoked: false };
    Ok(response::created(response::json(&body)?, &place))
}

fn revoke(request: &ControlRequest) -> ControlResult {
    let (partner, id) = (request.partner()?, request.name(1));
    partner.revoke_key_known_by(id).map_err(|_| {
        ApiError::not_found(format!("this partner never had a key `{}`", id.escape_debug()))
    })?;
    Ok(response::no_content())
}
