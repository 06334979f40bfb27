//! The connections of a partner's companies.

use crate::control::json_merge::merged;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;
use crate::state::store::NotFound;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/partners/{partner}/companies/{company}/connections", add),
    Route::new("GET", "/partners/{partner}/connections/{connection}", get),
    Route::new("PUT", "/partners/{partner}/connections/{connection}", replace),
    Route::new("PATCH", "/partners/{partner}/connections/{connection}", change),
    Route::new("DELETE", "/partners/{partner}/connections/{connection}", remove),
];

fn add(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let connection = fragment::connection(request.text()?)?;
    let (id, shown) = (connection.id.clone(), body::connection(&connection));
    partner.add_connection(request.name(1), connection)?;
    Ok(response::created(
        response::raw_json(shown),
        &["partners", &partner.id(), "connections", &id],
    ))
}

fn get(request: &ControlRequest) -> ControlResult {
    let (partner, id) = (request.partner()?, request.name(1));
    let found = partner.state().companies.read(|companies| companies.connection(id));
    let connection = found.ok_or_else(|| NotFound::Connection(id.to_owned()))?;
    Ok(response::raw_json(body::connection(&connection)))
}

fn replace(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let new = fragment::connection(request.text()?)?;
    let shown = body::connection(&new);
    partner.update_connection(request.name(1), |connection| *connection = new)?;
    Ok(response::raw_json(shown))
}

fn change(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let fields = request.text()?;
    let shown = partner.update_connection(request.name(1), |connection| {
        *connection = fragment::connection(&merged(&body::connection(connection), fields)?)?;
        Ok::<_, ApiError>(body::connection(connection))
    })?;
    Ok(response::raw_json(shown?))
}

fn remove(request: &ControlRequest) -> ControlResult {
    request.partner()?.remove_connection(request.name(1))?;
    Ok(response::no_content())
}
