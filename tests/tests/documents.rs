//! The client reads every document that the contract allows, with unknown fields and enum values,
//! and writes it back unchanged. A document that the contract does not allow is an error.

use partner_api::{ConnectionStatus, Error, QualityRating, UnauthorizedCode};
use partner_api_tests::client::{self, CALLS, Served};
use partner_api_tests::contract::{Contract, Reading, entries};
use partner_api_tests::{Checked, generate, reference};
use proptest::strategy::Strategy as _;
use proptest::string::string_regex;
use serde_json::Value;

#[test]
fn the_samples_of_the_reference_are_written_back_unchanged() -> Checked {
    let served = Served::start()?;
    for (_, operation) in CALLS {
        let sample = reference::sample(operation).ok_or("the operation has no sample")?;
        assert_eq!(served.call(operation, 200, sample)?, reference::minified(sample));
    }
    Ok(())
}

/// Runs a check for every call of the client.
fn for_each_call(check: impl Fn(&Contract, &str) -> Checked) -> Checked {
    let contract = Contract::published()?;
    CALLS.iter().try_for_each(|(_, operation)| check(&contract, operation))
}

#[test]
fn every_document_is_written_back_unchanged() -> Checked {
    for_each_call(|contract, call| client::keeps_every_document(contract, call, Reading::Closed))
}

#[test]
fn unknown_fields_and_enum_values_are_kept_at_any_level() -> Checked {
    for_each_call(|contract, call| client::keeps_every_document(contract, call, Reading::Open))
}

#[test]
fn a_missing_field_is_an_error_that_names_its_path() -> Checked {
    for_each_call(client::names_every_missing_field)
}

#[test]
fn the_enum_values_of_the_contract_have_variants_in_the_client() -> Checked {
    let contract = Contract::published()?;
    let words = |schema: &str| contract.at(&format!("/components/schemas/{schema}/x-known-values"));
    for (word, _) in entries(words("QualityRating")?) {
        assert!(!matches!(word.into(), QualityRating::Other(_)), "{word}");
    }
    for (word, _) in entries(words("ConnectionStatus")?) {
        assert!(!matches!(word.into(), ConnectionStatus::Other(_)), "{word}");
    }
    let served = Served::start()?;
    for (code, _) in entries(words("Error/properties/error")?) {
        let refusal = format!(r#"{{"error":"{code}"}}"#);
        let error = served.call("getWallet", 401, &refusal).unwrap_err().downcast::<Error>()?;
        assert_eq!(error.unauthorized_code().unwrap().to_string(), code);
        assert!(!matches!(error.unauthorized_code(), Some(UnauthorizedCode::Other(_))), "{code}");
    }
    Ok(())
}

#[test]
fn a_price_that_is_a_number_keeps_its_digits() -> Checked {
    let served = Served::start()?;
    let prices = string_regex("(0|[1-9][0-9]{0,17})(\\.[0-9]{1,10})?")?.prop_map(Value::from);
    generate::for_each(&prices.boxed(), |price| {
        let price = price.as_str().unwrap();
        let sample = reference::minified(reference::WALLET);
        let number = sample.replace("\"25.0000\"", price);
        let written = served.call("getWallet", 200, &number)?;
        assert_eq!(written, sample.replace("25.0000", price));
        Ok(())
    })
}

#[test]
fn digits_beyond_the_precision_of_a_float_are_kept_in_an_unknown_field() -> Checked {
    let served = Served::start()?;
    let sample = reference::minified(reference::WALLET);
    let more = sample.replace('}', ",\"debt\":0.10000000000000000000000000001,\"limit\":1e400}");
    assert_eq!(served.call("getWallet", 200, &more)?, more);
    Ok(())
}
