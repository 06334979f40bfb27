//! A partner's wallet, as `GET /api/v1/wallet` shows it.

use super::asked::Asked;
use super::patch::merged;
use super::reply::{self, Answer, Failure};
use super::route::Route;
use crate::seed::part;
use crate::wire;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners/{partner}/wallet", get),
    Route::new("PUT", "/partners/{partner}/wallet", replace),
    Route::new("PATCH", "/partners/{partner}/wallet", change),
];

fn get(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    Ok(reply::raw_json(partner.tenant().wallet.content(wire::wallet)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let wallet = part::wallet(asked.text()?)?;
    let shown = wire::wallet(&wallet);
    partner.set_wallet(wallet);
    Ok(reply::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_wallet(|wallet| {
        *wallet = part::wallet(&merged(&wire::wallet(wallet), fields)?)?;
        Ok::<_, Failure>(wire::wallet(wallet))
    })?;
    Ok(reply::raw_json(shown))
}
