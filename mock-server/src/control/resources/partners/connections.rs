//! The connections of a partner's companies.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;

use super::json_merge::merged;
use crate::control::ControlState;
use crate::control::extract::{Json, Partner, Path, Text};
use crate::control::response::{ApiError, RawJson, created};
use crate::input::json::FromJson as _;
use crate::state::model::Connection;
use crate::state::payload::json;
use crate::state::store::NotFound;

pub(super) fn router() -> Router<ControlState> {
    const ONE: &str = "/partners/{partner}/connections/{connection}";
    Router::new()
        .route("/partners/{partner}/companies/{company}/connections", post(add_connection))
        .route(
            ONE,
            get(get_connection)
                .put(replace_connection)
                .patch(change_connection)
                .delete(remove_connection),
        )
}

type ConnectionPath = Path<(String, String)>;

async fn add_connection(
    Partner(partner): Partner,
    Path((_, company)): Path<(String, String)>,
    Json(connection): Json<Connection>,
) -> Result<Response, ApiError> {
    let (id, shown) = (connection.id.clone(), json(&connection));
    partner.add_connection(&company, connection)?;
    Ok(created(&["partners", &partner.id(), "connections", &id], RawJson(shown.into())))
}

async fn get_connection(
    Partner(partner): Partner,
    Path((_, id)): ConnectionPath,
) -> Result<RawJson, ApiError> {
    let found = partner.state().companies.read(|companies| {
        let mut all = companies.iter().flat_map(|company| &company.connections);
        all.find(|connection| connection.id == id).cloned()
    });
    let connection = found.ok_or(NotFound::Connection(id))?;
    Ok(RawJson(json(&connection).into()))
}

async fn replace_connection(
    Partner(partner): Partner,
    Path((_, id)): ConnectionPath,
    Json(new): Json<Connection>,
) -> Result<RawJson, ApiError> {
    let shown = json(&new);
    partner.update_connection(&id, |connection| *connection = new)?;
    Ok(RawJson(shown.into()))
}

async fn change_connection(
    Partner(partner): Partner,
    Path((_, id)): ConnectionPath,
    Text(fields): Text,
) -> Result<RawJson, ApiError> {
    let shown = partner.update_connection(&id, |connection| {
        *connection = Connection::from_json(&merged(&json(connection), &fields)?)?;
        Ok::<_, ApiError>(json(connection))
    })?;
    Ok(RawJson(shown?.into()))
}

async fn remove_connection(
    Partner(partner): Partner,
    Path((_, id)): ConnectionPath,
) -> Result<StatusCode, ApiError> {
    partner.remove_connection(&id)?;
    Ok(StatusCode::NO_CONTENT)
}
