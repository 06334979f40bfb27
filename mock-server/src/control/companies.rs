//! A partner's companies, as `GET /api/v1/companies` shows them.

use super::asked::Asked;
use super::patch::merged;
use super::reply::{self, Answer, Failure};
use super::route::Route;
use crate::seed::part;
use crate::store::{Companies, Unknown};
use crate::wire;

pub(super) const ROUTES: &[Route] = &[
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
    Ok(reply::raw_json(partner.tenant().companies.content(Companies::content)))
}

fn replace_all(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    partner.replace_companies(part::companies(asked.text()?)?);
    list(asked)
}

fn remove_all(asked: &Asked) -> Answer {
    asked.partner()?.replace_companies(Companies::default());
    Ok(reply::no_content())
}

fn add(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let company = part::company(asked.text()?)?;
    let (id, shown) = (company.id.clone(), wire::company(&company));
    partner.add_company(company);
    Ok(reply::created(reply::raw_json(shown), &["partners", &partner.id(), "companies", &id]))
}

fn get(asked: &Asked) -> Answer {
    let (partner, id) = (asked.partner()?, asked.name(1));
    let found = partner.tenant().companies.read(|companies| companies.get(id));
    let company = found.ok_or_else(|| Unknown::Company(id.to_owned()))?;
    Ok(reply::raw_json(wire::company(&company)))
}

fn replace(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let new = part::company(asked.text()?)?;
    let shown = wire::company(&new);
    partner.update_company(asked.name(1), |company| *company = new)?;
    Ok(reply::raw_json(shown))
}

fn change(asked: &Asked) -> Answer {
    let partner = asked.partner()?;
    let fields = asked.text()?;
    let shown = partner.update_company(asked.name(1), |company| {
        *company = part::company(&merged(&wire::company(company), fields)?)?;
        Ok::<_, Failure>(wire::company(company))
    })?;
    Ok(reply::raw_json(shown?))
}

fn remove(asked: &Asked) -> Answer {
    asked.partner()?.remove_company(asked.name(1))?;
    Ok(reply::no_content())
}
