//! A partner's wallet, as `GET /api/v1/wallet` serves it.

use axum::Router;
use axum::routing::get;

use super::json_merge::merged;
use crate::control::ControlState;
use crate::control::extract::{Json, Partner, Text};
use crate::control::response::{ApiError, RawJson};
use crate::input::json::FromJson as _;
use crate::state::model::Wallet;
use crate::state::payload::json;

pub(super) fn router() -> Router<ControlState> {
    let methods = get(get_partner_wallet).put(replace_wallet).patch(change_wallet);
    Router::new().route("/partners/{partner}/wallet", methods)
}

async fn get_partner_wallet(Partner(partner): Partner) -> RawJson {
    RawJson(partner.state().wallet.content(json))
}

async fn replace_wallet(Partner(partner): Partner, Json(wallet): Json<Wallet>) -> RawJson {
    let shown = json(&wallet);
    partner.set_wallet(wallet);
    RawJson(shown.into())
}

async fn change_wallet(Partner(partner): Partner, Text(fields): Text) -> Result<RawJson, ApiError> {
    let shown = partner.update_wallet(|wallet| {
        *wallet = Wallet::from_json(&merged(&json(wallet), &fields)?)?;
        Ok::<_, ApiError>(json(wallet))
    })?;
    Ok(RawJson(shown.into()))
}
