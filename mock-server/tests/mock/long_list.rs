//! A long list is stored once, in the form that is sent. A change rewrites one company, and the
//! list is sent complete, in however many pieces.

use partner_api_mock::{Company, Connection, Fault, MockServer};
use serde_json::Value;

use crate::raw;

/// More than two megabytes, which are sent in pieces.
const COUNT: usize = 8_000;

fn companies() -> impl Iterator<Item = Company> {
    (0..COUNT).map(|number| {
        let connection = Connection::new(format!("connection-{number}"));
        Company::new(format!("company-{number}"), "Acme Coffee").with_connection(connection)
    })
}

async fn list(mock: &MockServer) -> String {
    let head = "GET /api/v1/companies HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n";
    let request = format!("{head}authorization: Bearer {}\r\n\r\n", mock.api_key());
    let response = raw::exchange(mock.address(), request).await;
    let length = response.header("content-length").unwrap().parse::<usize>();
    assert_eq!((response.status, length), (200, Ok(response.body.len())));
    response.body
}

fn ids(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let ids = body["data"].as_array().unwrap().iter().map(|company| company["id"].as_str());
    ids.map(|id| id.unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_long_list_is_whole_and_in_order_also_after_changes() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    partner.set_companies(companies());
    let mut expected: Vec<_> = companies().map(|company| company.id).collect();
    assert_eq!(ids(&list(&mock).await), expected);

    partner.remove_company("company-0").unwrap();
    partner.remove_company("company-7999").unwrap();
    partner.add_company(Company::new("last", "L"));
    expected.remove(0);
    *expected.last_mut().unwrap() = "last".to_owned();
    partner.update_connection("connection-4000", |one| one.status = "paused".to_owned()).unwrap();
    let body = list(&mock).await;
    assert_eq!((ids(&body), body.matches(r#""status":"paused""#).count()), (expected, 1));
}

#[tokio::test]
async fn a_fault_does_the_same_to_a_long_list_and_a_short_one() {
    let mock = MockServer::start().await.unwrap();
    mock.partner().set_companies(companies());
    let whole = list(&mock).await;
    mock.partner().fail_next(Fault::passthrough().malformed_json()).unwrap();
    assert!(list(&mock).await == whole[..whole.len() - 1]);
}

#[tokio::test]
async fn a_long_list_takes_less_than_four_times_its_bytes_and_a_change_little() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let kept = allocation_counter::measure(|| partner.set_companies(companies()));
    let bytes = i64::try_from(list(&mock).await.len()).unwrap();
    assert!((bytes..bytes * 4).contains(&kept.bytes_current), "{kept:?} for {bytes}");

    let changed = allocation_counter::measure(|| {
        partner.update_company("company-5000", |company| company.template_count += 1).unwrap();
    });
    let moved = i64::try_from(changed.bytes_total).unwrap();
    assert!(moved < bytes / 2, "{changed:?} for {bytes}");
}
