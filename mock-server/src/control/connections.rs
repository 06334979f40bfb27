//! The connections of a partner's companies.

use super::asked::Asked;
use super::patch::merged;
use super::reply::{self, Answer, Failure};
use super::route::Route;
use crate::seed::part;
use crate::store::Unknown;
use crate::wire;

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", "/partners/{partner}/companies/{company}/connections", add),
    Route::new("GET", "/partners/{partner}/connections/{connection}", get),
    Route::new("PUT", "/partners/{partner}/connections/{connection}", replace),
    Route::new("PATCH", "/partners/{partner}/connections/{connection}", change),
    Route::new("DELETE", "/partners/{partner}/connections/{connection}", remove),
];

fn add(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let connection = part::connection(asked.text()?)?;
    let (id, shown) = (connection.id.clone(), wire::connection(&connection));
    partner.add_connection(asked.name(1), connection)?;
    Ok(reply::created(reply::raw_json(shown), &["partners", &partner.id(), "connections", &id]))
}

fn get(asked: &Asked) -> Answer {
    let (partner, id) = (asked.partner()?, asked.name(1));
    let found = partner.tenant().companies.read(|companies| companies.connection(id));
    let connection = found.ok_or_else(|| Unknown::Connection(id.to_owned()))?;
    Ok(reply::raw_json(wire::connection(&connection)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let new = part::connection(asked.text()?)?;
    let shown = wire::connection(&new);
    partner.update_connection(asked.name(1), |connection| *connection = new)?;
    Ok(reply::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_connection(asked.name(1), |connection| {
        *connection = part::connection(&merged(&wire::connection(connection), fields)?)?;
        Ok::<_, Failure>(wire::connection(connection))
    })?;
    Ok(reply::raw_json(shown?))
}

fn remove(asked: &Asked) -> Answer {
    asked.partner()?.remove_connection(asked.name(1))?;
    Ok(reply::no_content())
}
