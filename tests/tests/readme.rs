//! The tables of the pages agree with the code.

use std::collections::BTreeSet;
use std::time::Duration;

use partner_api::{
    DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_MAX_ATTEMPTS,
    DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_TIMEOUT,
};
use partner_api_mock as mock;

const CONFIGURATION: &str = include_str!("../../client/docs/configuration.md");
const ERRORS: &str = include_str!("../../client/docs/errors.md");
const LIMITS: &str = include_str!("../../docs/limits.md");
const BUILDER: &str = include_str!("../../client/src/client/builder.rs");

/// The cells of the table under a heading, row by row.
fn table<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let section = text.split(heading).nth(1).unwrap_or_default();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    rows.skip(2).map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn words(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_defaults_in_the_table_are_those_of_the_code() {
    let rows = table(CONFIGURATION, "All settings");
    let default =
        |setting: &str| rows.iter().find(|row| row[0] == format!("`{setting}`")).unwrap()[1];
    assert_eq!(default("timeout"), format!("{} s", DEFAULT_TIMEOUT.as_secs()));
    assert!(
        default("attempt_timeout")
            .starts_with(&format!("{} s,", DEFAULT_ATTEMPT_TIMEOUT.as_secs()))
    );
    assert_eq!(default("connect_timeout"), format!("{} s", DEFAULT_CONNECT_TIMEOUT.as_secs()));
    assert_eq!(default("retry"), format!("{DEFAULT_MAX_ATTEMPTS} attempts"));
    assert_eq!(default("max_response_bytes"), format!("{} MiB", DEFAULT_MAX_RESPONSE_BYTES >> 20));
}

#[test]
fn every_setting_is_in_the_table_and_no_other() {
    let listed: BTreeSet<_> =
        table(CONFIGURATION, "All settings").into_iter().flat_map(|row| words(row[0])).collect();
    let methods =
        BUILDER.split("    pub fn ").skip(1).map(|method| method.split(['(', '<']).next().unwrap());
    let methods: BTreeSet<_> = methods.filter(|name| *name != "from_env").collect();
    assert_eq!(listed, methods);
}

/// The limits of the mock: what they are, the response, and that no other can be set.
#[test]
fn the_limits_of_the_mock_are_those_of_the_code() {
    let rows = table(LIMITS, "# Limits");
    let default =
        |method: &str| rows.iter().find(|row| row[2] == format!("`{method}`")).unwrap()[1];
    let time = |limit: Duration| format!("{} s", limit.as_secs());
    assert_eq!(default("max_head_bytes"), format!("{} KiB", mock::DEFAULT_MAX_HEAD_BYTES >> 10));
    assert_eq!(default("max_headers"), mock::DEFAULT_MAX_HEADERS.to_string());
    assert_eq!(
        default("max_request_body"),
        format!("{} MiB", mock::DEFAULT_MAX_REQUEST_BODY >> 20)
    );
    assert_eq!(
        default("max_connections").replace(',', ""),
        mock::DEFAULT_MAX_CONNECTIONS.to_string()
    );
    assert_eq!(default("header_read_timeout"), time(mock::DEFAULT_HEADER_READ_TIMEOUT));
    assert_eq!(default("body_read_timeout"), time(mock::DEFAULT_BODY_READ_TIMEOUT));
    assert_eq!(default("write_timeout"), time(mock::DEFAULT_WRITE_TIMEOUT));
    assert_eq!(default("drain_timeout"), time(mock::DEFAULT_DRAIN_TIMEOUT));

    let listed: BTreeSet<_> = rows.iter().flat_map(|row| words(row[2])).collect();
    let methods =
        include_str!("../../mock-server/src/server/builder.rs").split("    pub fn ").skip(1);
    let methods = methods.map(|method| method.split('(').next().unwrap());
    let limits = methods.filter(|name| name.starts_with("max_") || name.ends_with("_timeout"));
    assert_eq!(listed, limits.collect());
}

#[test]
fn every_kind_of_error_is_in_the_guide() {
    let rows = table(ERRORS, "What can go wrong");
    let listed: BTreeSet<_> = rows.iter().flat_map(|row| words(row[0])).collect();
    let kinds = include_str!("../../client/src/error/kind.rs")
        .split("pub enum ErrorKind {")
        .nth(1)
        .unwrap();
    let kinds =
        kinds.split("\n}").next().unwrap().lines().filter_map(|line| line.strip_prefix("    "));
    let kinds = kinds.filter(|line| line.starts_with(char::is_uppercase));
    let kinds: BTreeSet<_> =
        kinds.map(|line| line.split(['(', ',', ' ']).next().unwrap()).collect();
    assert_eq!(listed, kinds);
}
