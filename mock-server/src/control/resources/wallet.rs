//! A partner's wallet, as `GET /api/v1/wallet` shows it.

use crate::control::json_merge::merged;
use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners/{partner}/wallet", get),
    Route::new("PUT", "/partners/{partner}/wallet", replace),
    Route::new("PATCH", "/partners/{partner}/wallet", change),
];

fn get(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    Ok(response::raw_json(partner.tenant().wallet.content(body::wallet)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let wallet = fragment::wallet(asked.text()?)?;
    let shown = body::wallet(&wallet);
    partner.set_wallet(wallet);
    Ok(response::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_wallet(|wallet| {
        *wallet = fragment::wallet(&merged(&body::wallet(wallet), fields)?)?;
        Ok::<_, Failure>(body::wallet(wallet))
    })?;
    Ok(response::raw_json(shown))
}
