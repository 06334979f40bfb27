//! A partner's keys: issued, accepted, revoked. A key is shown once, when it is issued; afterwards
//! only the beginning of its hash is.

use axum::Router;
use axum::response::Response;
use axum::routing::{delete, get};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::control::ControlState;
use crate::control::extract::{Json, Partner, Path};
use crate::control::response::{ApiError, List, created};
use crate::input::json::{Object, non_null};
use crate::state::keys::api_key;
use crate::state::store::PartnerKey;

pub(super) fn router() -> Router<ControlState> {
    Router::new()
        .route("/partners/{partner}/keys", get(list_keys).post(add_key))
        .route("/partners/{partner}/keys/{id}", delete(revoke_key))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct Key {
    /// The first 8 hexadecimal digits of its SHA-256.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{8}$")))]
    id: String,
    revoked: bool,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::control) struct KeyAdded {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{8}$")))]
    id: String,
    key: String,
    revoked: bool,
}

impl From<PartnerKey> for Key {
    fn from(key: PartnerKey) -> Self {
        Self { id: key.id, revoked: key.revoked }
    }
}

async fn list_keys(Partner(partner): Partner) -> Json<List<Key>> {
    Json(List { data: partner.keys().into_iter().map(Key::from).collect() })
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with a `key`, or an empty one")]
pub(in crate::control) struct KeyNew {
    /// The key to be accepted; without it one is issued.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::input::schema::KEY)))]
    #[serde(default, deserialize_with = "non_null")]
    key: Option<String>,
}

async fn add_key(
    Partner(partner): Partner,
    new: Option<Json<Object<KeyNew>>>,
) -> Result<Response, ApiError> {
    let key = match new.and_then(|Json(Object(new))| new.key) {
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
    Ok(created(&place, Json(KeyAdded { id: id.clone(), key, revoked: false })))
}

async fn revoke_key(
    Partner(partner): Partner,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    partner
        .revoke_key_known_by(&id)
        .map_err(|_| ApiError::not_found(&format!("this partner has no key `{id}`")))?;
    Ok(StatusCode::NO_CONTENT)
}
