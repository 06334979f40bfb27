//! The connections of a partner's companies.

use crate::control::json_merge::merged;
use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;
use crate::state::store::Unknown;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/partners/{partner}/companies/{company}/connections", add),
    Route::new("GET", "/partners/{partner}/connections/{connection}", get),
    Route::new("PUT", "/partners/{partner}/connections/{connection}", replace),
    Route::new("PATCH", "/partners/{partner}/connections/{connection}", change),
    Route::new("DELETE", "/partners/{partner}/connections/{connection}", remove),
];

fn add(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let connection = fragment::connection(asked.text()?)?;
    let (id, shown) = (connection.id.clone(), body::connection(&connection));
    partner.add_connection(asked.name(1), connection)?;
    Ok(response::created(
        response::raw_json(shown),
        &["partners", &partner.id(), "connections", &id],
    ))
}

fn get(asked: &Asked) -> Answer {
    let (partner, id) = (asked.partner()?, asked.name(1));
    let found = partner.tenant().companies.read(|companies| companies.connection(id));
    let connection = found.ok_or_else(|| Unknown::Connection(id.to_owned()))?;
    Ok(response::raw_json(body::connection(&connection)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let new = fragment::connection(asked.text()?)?;
    let shown = body::connection(&new);
    partner.update_connection(asked.name(1), |connection| *connection = new)?;
    Ok(response::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_connection(asked.name(1), |connection| {
        *connection = fragment::connection(&merged(&body::connection(connection), fields)?)?;
        Ok::<_, Failure>(body::connection(connection))
    })?;
    Ok(response::raw_json(shown?))
}

fn remove(asked: &Asked) -> Answer {
    asked.partner()?.remove_connection(asked.name(1))?;
    Ok(response::no_content())
}
