//! A partner's companies, as `GET /api/v1/companies` shows them.

use crate::control::json_merge::merged;
use crate::control::request::Asked;
use crate::control::response::{self, Answer, Failure};
use crate::control::route::Route;
use crate::seed::fragment;
use crate::state::body;
use crate::state::companies::Companies;
use crate::state::store::Unknown;

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

fn list(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    Ok(response::raw_json(partner.tenant().companies.content(Companies::content)))
}

fn replace_all(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    partner.replace_companies(fragment::companies(asked.text()?)?);
    list(asked)
}

fn remove_all(asked: &Asked) -> Answer {
    asked.partner()?.replace_companies(Companies::default());
    Ok(response::no_content())
}

fn add(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let company = fragment::company(asked.text()?)?;
    let (id, shown) = (company.id.clone(), body::company(&company));
    partner.add_company(company);
    Ok(response::created(response::raw_json(shown), &["partners", &partner.id(), "companies", &id]))
}

fn get(asked: &Asked) -> Answer {
    let (partner, id) = (asked.partner()?, asked.name(1));
    let found = partner.tenant().companies.read(|companies| companies.get(id));
    let company = found.ok_or_else(|| Unknown::Company(id.to_owned()))?;
    Ok(response::raw_json(body::company(&company)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let new = fragment::company(asked.text()?)?;
    let shown = body::company(&new);
    partner.update_company(asked.name(1), |company| *company = new)?;
    Ok(response::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_company(asked.name(1), |company| {
        *company = fragment::company(&merged(&body::company(company), fields)?)?;
        Ok::<_, Failure>(body::company(company))
    })?;
    Ok(response::raw_json(shown?))
}

fn remove(asked: &Asked) -> Answer {
    asked.partner()?.remove_company(asked.name(1))?;
    Ok(response::no_content())
}
