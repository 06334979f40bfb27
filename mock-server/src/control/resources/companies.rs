//! A partner's companies, as `GET /api/v1/companies` shows them.

use crate::control::json_merge::merged;
use crate::control::request::ControlRequest;
use crate::control::response::{self, ApiError, ControlResult};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;
use crate::state::companies::Companies;
use crate::state::store::NotFound;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/partners/{partner}/companies", list),
    Route::new("PUT", "/partners/{partner}/companies", replace_all),
    Route::new("POST", "/partners/{partner}/companies", add),
    Route::new("DELETE", "/partners/{partner}/companies", remove_all),
    Route::new("GET", "/partners/{partner}/companies/{company}", get),
    Route::new("PUT", "/partners/{partner}/companies/{company}", replace),
    Route::new("PATCH", "/partners/{partner}/companies/{company}", change),
    Route::new("DELETE", "/partners/{partner}/companies/{company}", remove),
];

fn list(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    Ok(response::raw_json(partner.state().companies.content(Companies::content)))
}

fn replace_all(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    partner.replace_companies(fragment::companies(request.text()?)?);
    list(request)
}

fn remove_all(request: &ControlRequest) -> ControlResult {
    request.partner()?.replace_companies(Companies::default());
    Ok(response::no_content())
}

fn add(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let company = fragment::company(request.text()?)?;
    let (id, shown) = (company.id.clone(), body::company(&company));
    partner.add_company(company);
    Ok(response::created(response::raw_json(shown), &["partners", &partner.id(), "companies", &id]))
}

fn get(request: &ControlRequest) -> ControlResult {
    let (partner, id) = (request.partner()?, request.name(1));
    let found = partner.state().companies.read(|companies| companies.get(id));
    let company = found.ok_or_else(|| NotFound::Company(id.to_owned()))?;
    Ok(response::raw_json(body::company(&company)))
}

fn replace(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let new = fragment::company(request.text()?)?;
    let shown = body::company(&new);
    partner.update_company(request.name(1), |company| *company = new)?;
    Ok(response::raw_json(shown))
}

fn change(request: &ControlRequest) -> ControlResult {
    let partner = request.partner()?;
    let fields = request.text()?;
    let shown = partner.update_company(request.name(1), |company| {
        *company = fragment::company(&merged(&body::company(company), fields)?)?;
        Ok::<_, ApiError>(body::company(company))
    })?;
    Ok(response::raw_json(shown?))
}

fn remove(request: &ControlRequest) -> ControlResult {
    request.partner()?.remove_company(request.name(1))?;
    Ok(response::no_content())
}
