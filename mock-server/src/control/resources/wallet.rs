//! A partner's wallet, as `GET /api/v1/wallet` shows it.

use crate::control::json_merge::merged;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners/{partner}/wallet", get),
    Route::new("PUT", "/partners/{partner}/wallet", replace),
    Route::new("PATCH", "/partners/{partner}/wallet", change),
];

fn get(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    Ok(response::raw_json(partner.state().wallet.content(body::wallet)))
}

fn replace(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let wallet = fragment::wallet(request.text()?)?;
    let shown = body::wallet(&wallet);
    partner.set_wallet(wallet);
    Ok(response::raw_json(shown))
}

fn change(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let fields = request.text()?;
    let shown = partner.update_wallet(|wallet| {
        *wallet = fragment::wallet(&merged(&body::wallet(wallet), fields)?)?;
        Ok::<_, ApiError>(body::wallet(wallet))
    })?;
    Ok(response::raw_json(shown))
}
