//! Generated companies are the same on every machine and in every version, and their phone numbers
//! belong to nobody.

use std::collections::HashSet;
use std::fmt::Write as _;

use partner_api_mock::{Company, Connection, MockServer};
use sha2::{Digest as _, Sha256};

use crate::raw;

fn connections(companies: &[Company]) -> impl Iterator<Item = &Connection> {
    companies.iter().flat_map(|company| &company.connections)
}

/// The body of `GET /companies` for a partner with these companies.
async fn served(companies: Vec<Company>) -> String {
    let mock = MockServer::start().await.unwrap();
    mock.partner().set_companies(companies);
    let head =
        format!("host: mock\r\nconnection: close\r\nauthorization: Bearer {}", mock.api_key());
    let request = format!("GET /api/v1/companies HTTP/1.1\r\n{head}\r\n\r\n");
    raw::exchange(mock.address(), request).await.body
}

#[tokio::test]
async fn a_seed_gives_the_same_bytes_for_ever() {
    for (seed, digest) in [
        (0, "028d4156451d26e5044ec71b7ca11be1d86b3640ee3836ca0f9e78110b1eaa84"),
        (7, "7f20cc44208a5ec34915ea904b5907c1e9699a848c09c5b61b2c44e5d485e349"),
        (u64::MAX, "f0f18a26427fe9c5e84bb566542a043ecafdeedd99d78ff8b2ed1b45995ee28f"),
    ] {
        let body = served(Company::generate(2000, seed)).await;
        let mut hex = String::new();
        for byte in Sha256::digest(body) {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(hex, digest, "seed {seed}");
    }
}

#[test]
fn a_longer_list_begins_with_the_shorter_one() {
    let many = Company::generate(1000, 7);
    assert_eq!(many.len(), 1000);
    for few in [0, 1, 2, 500] {
        assert_eq!(Company::generate(few, 7), many[..few]);
    }
    assert_ne!(Company::generate(10, 8), many[..10]);
}

#[test]
fn ids_are_like_those_of_the_reference_and_unique() {
    let companies = Company::generate(20_000, 3);
    let ids = companies.iter().map(|company| &company.id);
    let ids: Vec<_> = ids.chain(connections(&companies).map(|one| &one.id)).collect();
    for id in &ids {
        let (prefix, rest) = id.split_at(3);
        assert!(prefix == "clx" && rest.len() == 22, "{id}");
        assert!(rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z')), "{id}");
    }
    assert_eq!(HashSet::<_>::from_iter(&ids).len(), ids.len());

    let accounts: Vec<_> = connections(&companies)
        .map(|one| &one.phone_number_id)
        .chain(companies.iter().filter_map(|company| Some(&company.connections.first()?.waba_id)))
        .collect();
    for account in &accounts {
        assert!(account.len() == 15 && account.parse::<u64>().is_ok(), "{account}");
    }
    assert_eq!(HashSet::<_>::from_iter(&accounts).len(), accounts.len());
}

#[test]
fn the_phone_numbers_belong_to_nobody() {
    let nobodys = [
        "+237 6 00 ",
        "+241 00 ",
        "+242 00 ",
        "+235 00 ",
        "+225 00 ",
        "+221 00 ", // not in any numbering plan
        "+33 6 39 98 ",
        "+44 7700 900",
        "+1 202-555-01", // reserved for fiction
    ];
    let companies = Company::generate(5000, 1);
    let met: HashSet<_> = connections(&companies)
        .map(|one| {
            let number = &one.display_phone_number;
            assert!(!number.contains('#'), "{number}");
            let nobodys = nobodys.iter().find(|beginning| number.starts_with(**beginning));
            nobodys.unwrap_or_else(|| panic!("{number}"))
        })
        .collect();
    assert_eq!(met.len(), nobodys.len(), "each country is there");
}

#[test]
fn most_companies_are_ordinary_and_a_few_are_not() {
    let companies = Company::generate(10_000, 0);
    let share = |is: &dyn Fn(&Company) -> bool| {
        companies.iter().filter(|company| is(company)).count() * 100 / companies.len()
    };
    let with = |count| share(&|company| company.connections.len() == count);
    assert!((67..=73).contains(&with(1)), "{}", with(1));
    assert!((4..=8).contains(&with(0)) && (1..=5).contains(&with(4)));
    assert!(companies.iter().all(|company| company.connections.len() <= 4));

    let all = connections(&companies).count();
    let rated = |word| connections(&companies).filter(|one| one.quality_rating == word).count();
    assert!(rated("GREEN") * 100 / all >= 90 && rated("YELLOW") > rated("RED"));
    assert!(rated("RED") > 0 && rated("GREEN") + rated("YELLOW") + rated("RED") == all);
    assert!(connections(&companies).all(|one| one.status == "connected"));

    assert!(share(&|company| !company.name.is_ascii()) > 20);
    let names: HashSet<_> = companies.iter().map(|company| &company.name).collect();
    assert!(names.len() > 2000, "{}", names.len());

    let sample = Company::new("", "").onboarded_at;
    let ages = || companies.iter().map(|company| sample.duration_since(company.onboarded_at));
    let days = |age: jiff::SignedDuration| age.as_hours() / 24;
    assert!(ages().all(|age| !age.is_negative() && days(age) < 730));
    assert!(ages().any(|age| days(age) < 30) && ages().any(|age| days(age) > 700));
}
