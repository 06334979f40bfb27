//! A partner's keys: issued, given, revoked. Of each, only the beginning of its hash is ever shown,
//! but for the one time that it is issued.

use serde::{Deserialize, Serialize};

use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure, List};
use crate::control::route::Route;
use crate::input::json::{Expected, given};
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

fn list(asked: &Asked) -> Answer {
    let keys = asked.partner()?.keys();
    response::json(&List { data: keys.into_iter().map(KeyBody::from).collect() })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[serde(default, deserialize_with = "given")]
    key: Option<String>,
}

impl Expected for NewKey {
    const EXPECTED: &'static str = "an object with a `key`, or an empty one";
}

fn add(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let NewKey { key } = asked.body_or_default()?;
    let key = match key {
        Some(key) if !api_key::is_b64token(key.as_bytes()) => {
            return Err(Failure::invalid("key", api_key::EXPECTED));
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

fn revoke(asked: &Asked) -> Answer {
    let (partner, id) = (asked.partner()?, asked.name(1));
    partner.revoke_key_known_by(id).map_err(|_| {
        Failure::not_found(format!("this partner never had a key `{}`", id.escape_debug()))
    })?;
    Ok(response::no_content())
}
