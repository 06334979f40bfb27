//! Two lists of companies compared.

use std::collections::HashMap;

use super::change::{Change, QualityTrend, Side};
use super::pairing::{Unique, pair};
use crate::models::companies::{Company, Connection};
use crate::models::object::UnknownFields;
use crate::request::complete_list::{CollectedList, CompleteList};

/// A list of companies that a call returned, and whether it is complete: the new list of
/// [`changes`].
///
/// It is made of a reference to a [`CompleteList`] or a [`CollectedList`], and of nothing else: a
/// `Vec` does not show whether it is complete.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    companies: &'a [Company],
    is_complete: bool,
}

impl<'a> From<&'a CompleteList<Company>> for Snapshot<'a> {
    fn from(list: &'a CompleteList<Company>) -> Self {
        Self { companies: list, is_complete: true }
    }
}

impl<'a> From<&'a CollectedList<Company>> for Snapshot<'a> {
    fn from(list: &'a CollectedList<Company>) -> Self {
        Self { companies: list.items(), is_complete: list.is_complete() }
    }
}

/// Returns what changed between two lists of companies: your copy, and the list of a new call.
///
/// Companies and connections are identified by their ids; their order does not matter. If the new
/// list is not known to be complete, nothing is reported as removed: neither a company nor a
/// connection, which may belong to a company that is missing.
///
/// The changes come in an order in which tables with foreign keys can apply them: duplicates, added
/// companies, changed fields, moved and added connections, removed connections, removed companies.
/// Applied to the old list, the changes to a complete list without duplicates give that list.
///
/// | case | reported as |
/// |---|---|
/// | the same connection id under another company | moved, and its changed fields |
/// | the same phone number under another connection id | removed and added |
/// | an unknown enum value | changed; a quality has the trend [`Unknown`](QualityTrend::Unknown) |
/// | an unknown field that is null, and one that is missing | different |
/// | unknown fields in another order | equal |
/// | an id more than once in a list | [`DuplicateCompany`](Change::DuplicateCompany) or [`DuplicateConnection`](Change::DuplicateConnection) for each but the first, which is compared |
///
/// The time is linear in the two lists. The result, and the memory in use meanwhile, are
/// proportional to the changes, apart from 10 to 20 bytes for each id, in which duplicates are found.
///
/// ```
/// use partner_api::monitor::{self, Change};
/// use partner_api::{Company, CompleteList, Counts};
///
/// let company = |name: &str| {
///     let onboarded_at = "2026-06-01T10:12:00Z".parse().unwrap();
///     Company::new("clx123".into(), name.into(), onboarded_at, vec![], Counts::new(4))
/// };
/// let old = vec![company("Acme Coffee")];
/// // In a program: `let new = client.companies().await?;`
/// let new = CompleteList::assume_complete(vec![company("Acme Tea")]);
///
/// for change in monitor::changes(&old, &new) {
///     match change {
///         Change::CompanyRenamed { from, to, .. } => {
///             assert_eq!((from.as_str(), to.as_str()), ("Acme Coffee", "Acme Tea"));
///         }
///         other => unreachable!("{other:?}"),
///     }
/// }
/// ```
#[must_use]
pub fn changes<'a>(old: &[Company], new: impl Into<Snapshot<'a>>) -> Vec<Change> {
    let Snapshot { companies: new, is_complete } = new.into();
    let mut changes = Vec::new();
    let old = Unique::new(old, Side::Old, &mut changes);
    let new = Unique::new(new, Side::New, &mut changes);
    let can_skip = !old.has_duplicates() && !new.has_duplicates();

    let mut fields = Vec::new();
    let mut unpaired =
        Unpaired { old: Connections(&old, Vec::new()), new: Connections(&new, Vec::new()) };
    let (gone, added) = pair(old.companies(), new.companies(), |from, to| {
        if !(can_skip && from == to) {
            compare_company(from, to, &mut fields);
            unpaired.compare_connections(from, to, &mut fields);
        }
    });
    for company in old.repeated_companies().chain(gone.iter().copied()) {
        unpaired.old.extend(company);
    }
    for company in new.repeated_companies().chain(added.iter().copied()) {
        unpaired.new.extend(company);
    }

    changes
        .extend(added.into_iter().map(|company| Change::CompanyAdded { company: company.clone() }));
    changes.append(&mut fields);
    unpaired.finish(is_complete, &mut changes);
    if is_complete {
        let removed = gone.into_iter();
        changes.extend(removed.map(|company| Change::CompanyRemoved { company: company.clone() }));
    }
    changes
}

/// Connections of one list, each with its company, that have no pair at the same place.
struct Connections<'a, 'b>(&'b Unique<'a>, Vec<(&'a Company, &'a Connection)>);

impl<'a> Connections<'a, '_> {
    fn push(&mut self, company: &'a Company, connection: &'a Connection) {
        if self.0.is_first((company, Some(connection))) {
            self.1.push((company, connection));
        }
    }

    fn extend(&mut self, company: &'a Company) {
        for connection in &company.connections {
            self.push(company, connection);
        }
    }
}

struct Unpaired<'a, 'b> {
    old: Connections<'a, 'b>,
    new: Connections<'a, 'b>,
}

impl<'a> Unpaired<'a, '_> {
    /// Compares the connections that are at the same place, and keeps the others.
    fn compare_connections(
        &mut self,
        from: &'a Company,
        to: &'a Company,
        changes: &mut Vec<Change>,
    ) {
        let (mut old, mut new) = (from.connections.iter(), to.connections.iter());
        loop {
            match (old.next(), new.next()) {
                (None, None) => break,
                (Some(before), Some(after))
                    if before.id == after.id
                        && self.old.0.is_first((from, Some(before)))
                        && self.new.0.is_first((to, Some(after))) =>
                {
                    compare_connection(to, before, after, changes);
                }
                (before, after) => {
                    if let Some(before) = before {
                        self.old.push(from, before);
                    }
                    if let Some(after) = after {
                        self.new.push(to, after);
                    }
                }
            }
        }
    }

    /// Pairs the connections that were kept, whatever their companies are.
    fn finish(self, is_complete: bool, changes: &mut Vec<Change>) {
        let Self { old: Connections(_, old), new: Connections(_, new) } = self;
        let mut old_by_id: HashMap<_, _> = old
            .iter()
            .map(|&(company, connection)| (&connection.id, (company, connection)))
            .collect();
        for (company, connection) in new {
            let company_id = company.id.clone();
            let Some((from, before)) = old_by_id.remove(&connection.id) else {
                changes
                    .push(Change::ConnectionAdded { company_id, connection: connection.clone() });
                continue;
            };
            if from.id != company.id {
                changes.push(Change::ConnectionMoved {
                    connection_id: connection.id.clone(),
                    from: from.id.clone(),
                    to: company_id,
                });
            }
            compare_connection(company, before, connection, changes);
        }
        if is_complete {
            for (company, connection) in
                old.iter().filter(|(_, connection)| old_by_id.contains_key(&connection.id))
            {
                changes.push(Change::ConnectionRemoved {
                    company_id: company.id.clone(),
                    connection: (*connection).clone(),
                });
            }
        }
    }
}

/// Compares the fields of a company, without its connections.
fn compare_company(from: &Company, to: &Company, changes: &mut Vec<Change>) {
    let company_id = || to.id.clone();
    if let Some((from, to)) = differing(&from.name, &to.name) {
        changes.push(Change::CompanyRenamed { company_id: company_id(), from, to });
    }
    if let Some((from, to)) = differing(&from.onboarded_at, &to.onboarded_at) {
        changes.push(Change::OnboardedAtChanged { company_id: company_id(), from, to });
    }
    if let Some((from, to)) = differing(&from.counts.templates, &to.counts.templates) {
        changes.push(Change::TemplateCountChanged { company_id: company_id(), from, to });
    }
    if let Some((from, to)) = differing_fields(from.unknown_fields(), to.unknown_fields()) {
        changes.push(Change::CompanyFieldsChanged { company_id: company_id(), from, to });
    }
    let (from, to) = (from.counts.unknown_fields(), to.counts.unknown_fields());
    if let Some((from, to)) = differing_fields(from, to) {
        changes.push(Change::CountFieldsChanged { company_id: company_id(), from, to });
    }
}

fn compare_connection(
    company: &Company,
    from: &Connection,
    to: &Connection,
    changes: &mut Vec<Change>,
) {
    let ids = || (company.id.clone(), to.id.clone());
    if let Some((from, to)) = differing(&from.waba_id, &to.waba_id) {
        let (company_id, connection_id) = ids();
        changes.push(Change::WabaIdChanged { company_id, connection_id, from, to });
    }
    if let Some((from, to)) = differing(&from.phone_number_id, &to.phone_number_id) {
        let (company_id, connection_id) = ids();
        changes.push(Change::PhoneNumberIdChanged { company_id, connection_id, from, to });
    }
    if let Some((from, to)) = differing(&from.display_phone_number, &to.display_phone_number) {
        let (company_id, connection_id) = ids();
        changes.push(Change::DisplayPhoneNumberChanged { company_id, connection_id, from, to });
    }
    // As texts: a copy may hold a value as `Other` that this version of the crate knows.
    if from.quality_rating.as_str() != to.quality_rating.as_str() {
        let (company_id, connection_id) = ids();
        let (from, to) = (from.quality_rating.clone(), to.quality_rating.clone());
        let trend = QualityTrend::new(&from, &to);
        changes.push(Change::QualityChanged { company_id, connection_id, from, to, trend });
    }
    if from.status.as_str() != to.status.as_str() {
        let (company_id, connection_id) = ids();
        let (from, to) = (from.status.clone(), to.status.clone());
        changes.push(Change::StatusChanged { company_id, connection_id, from, to });
    }
    if let Some((from, to)) = differing_fields(from.unknown_fields(), to.unknown_fields()) {
        let (company_id, connection_id) = ids();
        changes.push(Change::ConnectionFieldsChanged { company_id, connection_id, from, to });
    }
}

fn differing<T: Clone + PartialEq>(from: &T, to: &T) -> Option<(T, T)> {
    (from != to).then(|| (from.clone(), to.clone()))
}

/// Compares the names and texts in any order.
fn differing_fields(
    from: &UnknownFields,
    to: &UnknownFields,
) -> Option<(UnknownFields, UnknownFields)> {
    fn sorted(fields: &UnknownFields) -> Vec<(&str, &str)> {
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_unstable();
        fields
    }
    (from != to && sorted(from) != sorted(to)).then(|| (from.clone(), to.clone()))
}
