//! A partner's companies, as `GET /api/v1/companies` serves them.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::json_merge::merged;
use crate::control::ControlState;
use crate::control::extract::{Json, Partner, Path, Text};
use crate::control::response::{ApiError, RawJson, blocking, created};
use crate::input::json::FromJson as _;
use crate::state::companies::Companies;
use crate::state::model::Company;
use crate::state::payload::json;
use crate::state::store::NotFound;

pub(super) fn router() -> Router<ControlState> {
    const ALL: &str = "/partners/{partner}/companies";
    const ONE: &str = "/partners/{partner}/companies/{company}";
    Router::new()
        .route(
            ALL,
            get(list_companies).put(replace_companies).post(add_company).delete(remove_companies),
        )
        .route(
            ONE,
            get(get_company).put(replace_company).patch(change_company).delete(remove_company),
        )
}

type CompanyPath = Path<(String, String)>;

async fn list_companies(Partner(partner): Partner) -> Result<RawJson, ApiError> {
    let list = move || partner.state().companies.content(Companies::content);
    blocking(list).await.map(RawJson)
}

async fn replace_companies(
    Partner(partner): Partner,
    Json(companies): Json<Companies>,
) -> Result<RawJson, ApiError> {
    let replace = move || {
        partner.replace_companies(companies);
        partner.state().companies.content(Companies::content)
    };
    blocking(replace).await.map(RawJson)
}

async fn remove_companies(Partner(partner): Partner) -> Result<StatusCode, ApiError> {
    blocking(move || partner.replace_companies(Companies::default())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_company(Partner(partner): Partner, Json(company): Json<Company>) -> Response {
    let (id, shown) = (company.id.clone(), json(&company));
    partner.add_company(company);
    created(&["partners", &partner.id(), "companies", &id], RawJson(shown.into()))
}

async fn get_company(
    Partner(partner): Partner,
    Path((_, id)): CompanyPath,
) -> Result<RawJson, ApiError> {
    let found = partner
        .state()
        .companies
        .read(|companies| companies.iter().find(|company| company.id == id).cloned());
    let company = found.ok_or(NotFound::Company(id))?;
    Ok(RawJson(json(&company).into()))
}

async fn replace_company(
    Partner(partner): Partner,
    Path((_, id)): CompanyPath,
    Json(new): Json<Company>,
) -> Result<RawJson, ApiError> {
    let shown = json(&new);
    partner.update_company(&id, |company| *company = new)?;
    Ok(RawJson(shown.into()))
}

async fn change_company(
    Partner(partner): Partner,
    Path((_, id)): CompanyPath,
    Text(fields): Text,
) -> Result<RawJson, ApiError> {
    let shown = partner.update_company(&id, |company| {
        *company = Company::from_json(&merged(&json(company), &fields)?)?;
        Ok::<_, ApiError>(json(company))
    })?;
    Ok(RawJson(shown?.into()))
}

async fn remove_company(
    Partner(partner): Partner,
    Path((_, id)): CompanyPath,
) -> Result<StatusCode, ApiError> {
    partner.remove_company(&id)?;
    Ok(StatusCode::NO_CONTENT)
}
