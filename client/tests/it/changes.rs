//! What changed between two lists of companies: applied to the first list, the changes give the
//! second; nothing is removed unless the second list is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use partner_api::monitor::{Change, QualityTrend, Side, changes};
use partner_api::{Client, Company, CompleteList, QualityRating};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stored_values::comes_back;
use crate::support::KEY;

fn company(json: &Value) -> Company {
    serde_json::from_value(json.clone()).unwrap()
}

fn connection(id: &str) -> Value {
    json!({
        "id": id, "wabaId": "1", "phoneNumberId": "2", "displayPhoneNumber": "+237",
        "qualityRating": "GREEN", "status": "connected",
    })
}

fn with_connections(id: &str, connections: &[Value]) -> Value {
    json!({
        "id": id, "name": "Acme", "onboardedAt": "2026-06-01T10:12:00.000Z",
        "connections": connections, "_count": { "templates": 4 },
    })
}

/// The changes as their names and data.
fn compared(old: &[Value], new: &[Value]) -> Vec<(String, Value)> {
    let old: Vec<_> = old.iter().map(company).collect();
    let new = CompleteList::assume_complete(new.iter().map(company).collect());
    let changes = changes(&old, &new);
    changes.iter().map(|change| parts(&serde_json::to_value(change).unwrap())).collect()
}

fn parts(change: &Value) -> (String, Value) {
    let (name, data) = change.as_object().unwrap().iter().next().unwrap();
    (name.clone(), data.clone())
}

fn types(changes: &[(String, Value)]) -> Vec<&str> {
    changes.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// The tables that a program would keep: rows by id, with a foreign key.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tables {
    companies: BTreeMap<String, Value>,
    connections: BTreeMap<String, (String, Value)>,
}

impl Tables {
    fn of(companies: &[Company]) -> Self {
        let mut tables = Self::default();
        for company in companies {
            tables.add_company(company);
            for connection in &company.connections {
                let row = serde_json::to_value(connection).unwrap();
                let company = company.id.to_string();
                tables.connections.insert(connection.id.to_string(), (company, row));
            }
        }
        tables
    }

    fn add_company(&mut self, company: &Company) {
        let mut row = serde_json::to_value(company).unwrap();
        row.as_object_mut().unwrap().remove("connections");
        assert_eq!(self.companies.insert(company.id.to_string(), row), None);
    }

    /// Applies a change as a database with foreign keys would.
    fn apply(&mut self, change: &Change) {
        let (kind, data) = parts(&serde_json::to_value(change).unwrap());
        let id = |name: &str| data[name].as_str().unwrap().to_owned();
        match change {
            Change::CompanyAdded { company, .. } => self.add_company(company),
            Change::CompanyRemoved { company, .. } => {
                let id = company.id.as_str();
                assert!(self.connections.values().all(|(company, _)| company != id), "foreign key");
                assert!(self.companies.remove(id).is_some());
            }
            Change::ConnectionAdded { company_id, connection, .. } => {
                assert!(self.companies.contains_key(company_id.as_str()), "foreign key");
                let row = serde_json::to_value(connection).unwrap();
                let row = (company_id.to_string(), row);
                assert_eq!(self.connections.insert(connection.id.to_string(), row), None);
            }
            Change::ConnectionRemoved { company_id, connection, .. } => {
                let (company, _) = self.connections.remove(connection.id.as_str()).unwrap();
                assert_eq!(*company_id, company.as_str());
            }
            Change::ConnectionMoved { connection_id, from, to, .. } => {
                assert!(self.companies.contains_key(to.as_str()), "foreign key");
                let row = self.connections.get_mut(connection_id.as_str()).unwrap();
                assert_eq!(*from, row.0.as_str());
                row.0 = to.to_string();
            }
            _ if data.get("connectionId").is_some() => {
                let (company, row) = self.connections.get_mut(&id("connectionId")).unwrap();
                assert_eq!(*change.company_id(), company.as_str());
                set(row, connection_field(&kind), &data);
            }
            _ => {
                let row = self.companies.get_mut(&id("companyId")).unwrap();
                match kind.as_str() {
                    "company_renamed" => set(row, Some("name"), &data),
                    "onboarded_at_changed" => {
                        assert!(data["from"] != data["to"]);
                        let Change::OnboardedAtChanged { to, .. } = change else { unreachable!() };
                        row["onboardedAt"] = json!(format!("{to:.3}"));
                    }
                    "template_count_changed" => set(&mut row["_count"], Some("templates"), &data),
                    "count_fields_changed" => set(&mut row["_count"], None, &data),
                    "company_fields_changed" => set(row, None, &data),
                    other => panic!("{other}"),
                }
            }
        }
    }
}

fn connection_field(kind: &str) -> Option<&'static str> {
    match kind {
        "waba_id_changed" => Some("wabaId"),
        "phone_number_id_changed" => Some("phoneNumberId"),
        "display_phone_number_changed" => Some("displayPhoneNumber"),
        "quality_changed" => Some("qualityRating"),
        "status_changed" => Some("status"),
        "connection_fields_changed" => None,
        other => panic!("{other}"),
    }
}

/// Replaces one field, or all unknown fields.
fn set(row: &mut Value, field: Option<&str>, data: &Value) {
    let row = row.as_object_mut().unwrap();
    if let Some(field) = field {
        assert_eq!(row.insert(field.to_owned(), data["to"].clone()).as_ref(), Some(&data["from"]));
        return;
    }
    for (name, value) in data["from"].as_object().unwrap() {
        assert_eq!(row.remove(name).as_ref(), Some(value));
    }
    for (name, value) in data["to"].as_object().unwrap() {
        assert_eq!(row.insert(name.clone(), value.clone()), None);
    }
}

/// Unknown fields: missing, null, or one of some values, in either order.
fn unknown() -> impl Strategy<Value = Vec<(String, Value)>> {
    let value = prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!({ "a": [1, null] }))];
    let field = (prop_oneof!["tier", "owner"], value);
    proptest::collection::vec(field, 0..3).prop_map(|fields| {
        let names: BTreeSet<_> = fields.iter().map(|(name, _)| name.clone()).collect();
        if names.len() == fields.len() { fields } else { Vec::new() }
    })
}

fn with_unknown(mut value: Value, fields: Vec<(String, Value)>) -> Value {
    value.as_object_mut().unwrap().extend(fields);
    value
}

prop_compose! {
    fn any_connection(id: String)(
        waba in 0..2_u8, phone in 0..2_u8, display in 0..2_u8,
        quality in prop_oneof!["GREEN", "YELLOW", "RED", "BLUE"],
        status in prop_oneof!["connected", "banned"], fields in unknown(),
    ) -> Value {
        with_unknown(json!({
            "id": id, "wabaId": waba.to_string(), "phoneNumberId": phone.to_string(),
            "displayPhoneNumber": display.to_string(), "qualityRating": quality, "status": status,
        }), fields)
    }
}

prop_compose! {
    fn any_company(id: String)(
        name in 0..2_u8, hour in 0..2_u8, templates in 0_u64..2, fields in unknown(), counts in unknown(),
    ) -> Value {
        with_unknown(json!({
            "id": id, "name": format!("n{name}"),
            "onboardedAt": format!("2026-06-01T0{hour}:00:00.000Z"), "connections": [],
            "_count": with_unknown(json!({ "templates": templates }), counts),
        }), fields)
    }
}

/// Companies without duplicate ids, in any order, each connection in any company.
fn list() -> impl Strategy<Value = Vec<Company>> {
    let companies: Vec<_> = (0..7).map(|id| any_company(format!("c{id}"))).collect();
    let connections: Vec<_> = (0..7).map(|id| any_connection(format!("x{id}"))).collect();
    let places = proptest::collection::vec(0..9_usize, 7);
    let kept = (companies, proptest::collection::vec(any::<bool>(), 7)).prop_map(|(all, kept)| {
        all.into_iter().zip(kept).filter_map(|(company, kept)| kept.then_some(company)).collect()
    });
    let kept = kept.prop_map(|kept: Vec<Value>| kept).prop_shuffle();
    (kept, connections, places, any::<bool>()).prop_map(
        |(mut companies, connections, places, turn)| {
            for (connection, place) in connections.into_iter().zip(places) {
                if let Some(company) = companies.get_mut(place) {
                    let list = company["connections"].as_array_mut().unwrap();
                    list.insert(if turn { 0 } else { list.len() }, connection);
                }
            }
            companies.iter().map(company).collect()
        },
    )
}

/// A list in which companies and connections repeat ids.
fn list_with_duplicates() -> impl Strategy<Value = Vec<Company>> {
    (list(), list()).prop_map(|(first, second)| first.into_iter().chain(second).collect())
}

fn ids(companies: &[Company]) -> (BTreeSet<String>, BTreeSet<String>) {
    let connections = companies.iter().flat_map(|company| &company.connections);
    (
        companies.iter().map(|company| company.id.to_string()).collect(),
        connections.map(|connection| connection.id.to_string()).collect(),
    )
}

fn is_removal(change: &Change) -> bool {
    matches!(change, Change::CompanyRemoved { .. } | Change::ConnectionRemoved { .. })
}

fn sorted(changes: &[Change]) -> Vec<String> {
    let mut texts: Vec<_> = changes.iter().map(|change| format!("{change:?}")).collect();
    texts.sort();
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applied_to_the_first_list_the_changes_give_the_second(old in list(), new in list()) {
        let changes = changes(&old, &CompleteList::assume_complete(new.clone()));
        let mut tables = Tables::of(&old);
        for change in &changes {
            tables.apply(change);
        }
        prop_assert_eq!(tables, Tables::of(&new));
    }

    #[test]
    fn the_order_of_a_list_does_not_matter(
        (old, mixed_old) in list().prop_flat_map(|old| (Just(old.clone()), Just(old).prop_shuffle())),
        new in list(),
    ) {
        let complete = CompleteList::assume_complete(new);
        prop_assert_eq!(sorted(&changes(&old, &complete)), sorted(&changes(&mixed_old, &complete)));
        let mixed = CompleteList::assume_complete(mixed_old);
        prop_assert_eq!(changes(&old, &mixed), []);
    }

    #[test]
    fn duplicates_are_reported_and_lose_nothing(
        old in list_with_duplicates(), new in list_with_duplicates(),
    ) {
        let changes = changes(&old, &CompleteList::assume_complete(new.clone()));
        let mut found = BTreeMap::<_, usize>::new();
        let (mut removed, mut added) = ((BTreeSet::new(), BTreeSet::new()), (BTreeSet::new(), BTreeSet::new()));
        for change in &changes {
            match change {
                Change::DuplicateCompany { list, .. } => *found.entry((*list == Side::Old, true)).or_default() += 1,
                Change::DuplicateConnection { list, .. } => *found.entry((*list == Side::Old, false)).or_default() += 1,
                Change::CompanyRemoved { company, .. } => drop(removed.0.insert(company.id.to_string())),
                Change::ConnectionRemoved { connection, .. } => drop(removed.1.insert(connection.id.to_string())),
                Change::CompanyAdded { company, .. } => drop(added.0.insert(company.id.to_string())),
                Change::ConnectionAdded { connection, .. } => drop(added.1.insert(connection.id.to_string())),
                _ => {}
            }
        }
        let ((old_companies, old_connections), (new_companies, new_connections)) = (ids(&old), ids(&new));
        prop_assert_eq!(removed.0, &old_companies - &new_companies);
        prop_assert_eq!(removed.1, &old_connections - &new_connections);
        prop_assert_eq!(added.0, &new_companies - &old_companies);
        prop_assert_eq!(added.1, &new_connections - &old_connections);
        for (list, is_old, companies, connections) in
            [(&old, true, old_companies, old_connections), (&new, false, new_companies, new_connections)]
        {
            let all: usize = list.iter().map(|company| company.connections.len()).sum();
            let count = |key| found.get(&key).copied().unwrap_or(0);
            prop_assert_eq!(count((is_old, true)), list.len() - companies.len());
            prop_assert_eq!(count((is_old, false)), all - connections.len());
        }
    }

    #[test]
    fn a_list_with_duplicates_equals_itself(list in list_with_duplicates()) {
        let found = changes(&list, &CompleteList::assume_complete(list.clone()));
        prop_assert!(found.iter().all(|change| matches!(
            change, Change::DuplicateCompany { .. } | Change::DuplicateConnection { .. }
        )), "{:?}", found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_is_read_back_as_it_was_written(old in list(), new in list_with_duplicates()) {
        for change in changes(&old, &CompleteList::assume_complete(new)) {
            comes_back(&change);
        }
    }

    #[test]
    fn a_body_that_is_cut_or_invalid_removes_nothing(
        old in list(), new in list(), cut in any::<prop::sample::Index>(), way in 0..3_u8,
    ) {
        let mut body = json!({ "data": new });
        match way {
            0 => {}
            1 => body["data"].as_array_mut().unwrap().push(json!({ "id": "c0" })),
            _ => body["nextCursor"] = json!("c-1"),
        }
        let mut bytes = body.to_string().into_bytes();
        if way == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        let found = collected(&old, bytes);
        prop_assert!(!found.iter().any(is_removal), "{:?}", found);
    }
}

fn client_over(body: impl Into<Bytes>) -> Client {
    let body = Full::new(body.into());
    let service = tower::service_fn(move |_: http::Request<partner_api::RequestBody>| {
        let body = body.clone();
        async { Ok::<_, Infallible>(http::Response::new(body)) }
    });
    let builder = Client::builder().base_url("http://127.0.0.1").api_key(KEY);
    builder.http_service(service).build().unwrap()
}

/// The changes to a list that is collected from a stream of these bytes.
fn collected(old: &[Company], body: Vec<u8>) -> Vec<Change> {
    let client = client_over(body);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let new = client.companies().stream().collect_list().await;
        assert!(!new.is_complete());
        assert_eq!(
            client.companies().await.is_err(),
            new.invalid_items() > 0 || new.error().is_some()
        );
        changes(old, &new)
    })
}

#[test]
fn a_body_cut_at_every_byte_removes_nothing() {
    let old: Vec<_> =
        ["c0", "c1", "c2"].map(|id| company(&with_connections(id, &[connection(id)]))).into();
    let body = json!({ "data": [old[1], old[0]] }).to_string().into_bytes();
    for length in 0..body.len() {
        let found = collected(&old, body[..length].to_vec());
        assert_eq!(found, [], "{length}");
    }
}

#[test]
fn each_field_has_a_change() {
    let old = with_connections("c", &[connection("x")]);
    for (pointer, value, expected) in [
        ("/name", json!("Tea"), "company_renamed"),
        ("/onboardedAt", json!("2026-06-01T10:12:00.001Z"), "onboarded_at_changed"),
        ("/_count/templates", json!(5), "template_count_changed"),
        ("/_count/campaigns", json!(5), "count_fields_changed"),
        ("/tier", json!(null), "company_fields_changed"),
        ("/connections/0/wabaId", json!("9"), "waba_id_changed"),
        ("/connections/0/phoneNumberId", json!("9"), "phone_number_id_changed"),
        ("/connections/0/displayPhoneNumber", json!("9"), "display_phone_number_changed"),
        ("/connections/0/qualityRating", json!("RED"), "quality_changed"),
        ("/connections/0/status", json!("banned"), "status_changed"),
        ("/connections/0/pin", json!(false), "connection_fields_changed"),
    ] {
        let mut new = old.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        new.pointer_mut(parent).unwrap()[field] = value;
        let found = compared(std::slice::from_ref(&old), &[new]);
        assert_eq!(types(&found), [expected], "{pointer}");
        assert_eq!(found[0].1["companyId"], "c");
    }
}

#[test]
fn a_connection_under_another_company_has_moved() {
    let (a, b) = (with_connections("a", &[connection("x")]), with_connections("b", &[]));
    let mut moved = connection("x");
    moved["status"] = json!("banned");
    let new = [with_connections("b", &[moved.clone()]), with_connections("a", &[])];
    let found = compared(&[a.clone(), b.clone()], &new);
    assert_eq!(types(&found), ["connection_moved", "status_changed"]);
    assert_eq!(found[0].1, json!({ "connectionId": "x", "from": "a", "to": "b" }));
    assert_eq!(found[1].1["companyId"], "b");
    // Also from a removed company to an added one.
    let found = compared(&[a], &[with_connections("b", &[connection("x")])]);
    assert_eq!(types(&found), ["company_added", "connection_moved", "company_removed"]);
}

#[test]
fn a_number_under_another_connection_id_is_removed_and_added() {
    let old = with_connections("a", &[connection("x")]);
    let found = compared(&[old], &[with_connections("a", &[connection("y")])]);
    assert_eq!(types(&found), ["connection_added", "connection_removed"]);
}

#[test]
fn the_trend_of_a_quality_is_better_worse_or_unknown() {
    for (from, to, expected) in [
        ("GREEN", "YELLOW", QualityTrend::Worse),
        ("RED", "GREEN", QualityTrend::Better),
        ("GREEN", "BLUE", QualityTrend::Unknown),
        ("BLUE", "GREEN", QualityTrend::Unknown),
        ("BLUE", "PINK", QualityTrend::Unknown),
    ] {
        let [mut old, mut new] =
            [(); 2].map(|()| company(&with_connections("a", &[connection("x")])));
        old.connections[0].quality_rating = from.into();
        new.connections[0].quality_rating = to.into();
        match &changes(&[old], &CompleteList::assume_complete(vec![new]))[..] {
            [Change::QualityChanged { trend, from: old, to: new, .. }] => {
                assert_eq!((*trend, old.as_str(), new.as_str()), (expected, from, to));
            }
            other => panic!("{other:?}"),
        }
    }
    // A copy that was stored by a version that did not know the value.
    let [mut old, new] = [(); 2].map(|()| company(&with_connections("a", &[connection("x")])));
    old.connections[0].quality_rating = QualityRating::Other("GREEN".into());
    assert_eq!(changes(&[old], &CompleteList::assume_complete(vec![new])), []);
}

#[test]
fn null_and_missing_differ_and_the_order_of_fields_does_not() {
    let mut null = with_connections("a", &[]);
    null["tier"] = json!(null);
    let found = compared(&[null], &[with_connections("a", &[])]);
    assert_eq!(found[0].1, json!({ "companyId": "a", "from": { "tier": null }, "to": {} }));

    let text = with_connections("a", &[]).to_string();
    let with = |fields: &str| -> Company {
        serde_json::from_str(&text.replacen('{', &format!("{{{fields},"), 1)).unwrap()
    };
    let new = CompleteList::assume_complete(vec![with(r#""z":1,"y":2"#)]);
    assert_eq!(changes(&[with(r#""y":2,"z":1"#)], &new), []);
    // Digits that a float cannot hold.
    let new = CompleteList::assume_complete(vec![with(r#""z":0.10000000000000000001"#)]);
    let found = changes(&[with(r#""z":0.1"#)], &new);
    assert!(matches!(found[..], [Change::CompanyFieldsChanged { .. }]), "{found:?}");
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Change>>(&json).unwrap(), found, "{json}");
}

#[test]
fn a_duplicate_in_both_lists_is_reported_and_the_first_is_compared() {
    let mut other = with_connections("a", &[connection("y")]);
    other["name"] = json!("Other");
    let list = [with_connections("a", &[connection("x"), connection("x")]), other];
    let found = compared(&list, &list);
    assert_eq!(
        types(&found),
        ["duplicate_connection", "duplicate_company", "duplicate_connection", "duplicate_company"]
    );
    assert_eq!((&found[0].1["list"], &found[2].1["list"]), (&json!("old"), &json!("new")));
    assert_eq!(found[1].1["company"]["name"], "Other");
}

#[test]
fn a_stream_that_was_begun_before_is_not_complete() {
    let body = json!({ "data": [with_connections("a", &[]), with_connections("b", &[])] });
    let client = client_over(body.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let whole = client.companies().stream().collect_list().await;
        assert!(whole.is_complete());
        assert_eq!(whole.into_complete().unwrap(), client.companies().await.unwrap());

        let mut stream = client.companies().stream();
        stream.next().await.unwrap().unwrap();
        let rest = stream.collect_list().await;
        assert!(!rest.is_complete());
        assert_eq!(
            (rest.items().len(), rest.invalid_items(), rest.error().is_none()),
            (1, 0, true)
        );
        let rest = rest.into_complete().unwrap_err();
        assert_eq!(rest.into_items()[0].id, "b");
    });
}

#[test]
fn invalid_items_are_counted_and_the_others_are_compared() {
    let body = json!({ "data": [{ "id": 1 }, with_connections("b", &[]), null] });
    let client = client_over(body.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let list = runtime.block_on(client.companies().stream().collect_list());
    assert_eq!((list.items().len(), list.invalid_items()), (1, 2));
    assert!(list.error().is_none());
    assert!(list.first_invalid_item().unwrap().to_string().contains("data[0].id"));
    let old = [company(&with_connections("gone", &[connection("x")]))];
    assert!(matches!(changes(&old, &list)[..], [Change::CompanyAdded { .. }]));
}
