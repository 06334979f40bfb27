//! No key can be read in the journal, whatever it is made of and whatever is beside it; and nothing but
//! keys is redacted.

use axum::body::Body;
use http::{HeaderValue, Request};
use partner_api_mock::{Mock, Seed};
use tower::ServiceExt as _;

/// The text, sent as a header, as the journal has it.
async fn recorded(mock: &Mock, text: &str) -> String {
    let request = Request::get("/api/v1/wallet").header("x-text", text);
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let last = mock.requests().pop().unwrap();
    last.headers["x-text"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_of_a_key_is_left_whatever_it_is_made_of() {
    let mock = Mock::new();
    for (text, clean) in [
        ("pk_live_my-suite_secret.1~+/2== x", "pk_live_[redacted]== x"),
        ("k=pk_live_a%2Fsecret&b=1", "k=pk_live_[redacted]&b=1"),
        ("pk_live_apk_live_secret\"", "pk_live_[redacted]\""),
        ("{\"a\":\"pk_live_a-secret\",", "{\"a\":\"pk_live_[redacted]\","),
        ("pk_live_[redacted], pk_live_a", "pk_live_[redacted], pk_live_[redacted]"),
        ("pk_live_[redacted]abc", "pk_live_[redacted]"),
        ("pk_live_, pk_liv", "pk_live_[redacted], pk_liv"),
    ] {
        assert_eq!(recorded(&mock, text).await, clean);
        assert_eq!(recorded(&mock, clean).await, clean, "it is redacted once");
    }
}

#[tokio::test]
async fn a_known_key_of_any_form_is_redacted_until_it_is_no_key() {
    let mock = Mock::new();
    let partner = mock.add_partner("odd");
    for key in ["mysecretkey123", "a/b+c==", "k1", "pk_live_x"] {
        partner.accept_key(key).unwrap();
    }
    for (text, clean) in [
        ("k=mysecretkey123&b=1", "k=[redacted]&b=1"),
        ("xmysecretkey123mysecretkey123", "x[redacted][redacted]"),
        ("my%73ecretkey12%33", "[redacted]"),
        ("%6dysecretkey123 mysecretkey12", "[redacted] mysecretkey12"),
        ("/a%2Fb%2bc%3D=/", "/[redacted]/"),
        ("k1 k12 ak1 k%31,k1", "[redacted] k12 ak1 [redacted],[redacted]"),
        ("pk_live_mysecretkey123", "pk_live_[redacted]"),
        ("nothing % %7", "nothing % %7"),
    ] {
        assert_eq!(recorded(&mock, text).await, clean);
    }
    mock.remove_partner(&partner);
    assert_eq!(recorded(&mock, "k1").await, "k1");
}

#[tokio::test]
async fn several_values_of_a_header_are_recorded_as_they_were() {
    let mock = Mock::new();
    let values = [b"1".as_slice(), "2: \u{e9}".as_bytes()];
    let request = Request::get("/").header("x-many", values[0]).header("x-many", values[1]);
    mock.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let [request] = &mock.requests()[..] else { panic!("one request") };
    let recorded = request.headers.get_all("x-many").iter().map(HeaderValue::as_bytes);
    assert!(recorded.eq(values));
}

#[test]
fn a_new_key_looks_as_the_reference_shows_it_and_never_comes_twice() {
    let partner = Mock::new().partner();
    let key = partner.issue_key();
    assert_eq!(key.len(), "pk_live_xxxxxxxxxxxxxxxxxxxxxxxx".len());
    assert!(key.starts_with("pk_live_") && Seed::empty().with_key(&key).is_ok());
    assert_ne!(key, partner.issue_key());
}

#[test]
fn a_key_of_a_seed_ends_in_equals_signs_and_has_none_before() {
    for good in ["a", "pk_live_x", "A-._~+/9", "abc=="] {
        assert!(Seed::empty().with_key(good).is_ok(), "{good}");
    }
    for bad in ["", "=", "a=b", "a b", "a,b", "\"a\"", "a\tb", "\u{e9}"] {
        assert!(Seed::empty().with_key(bad).is_err(), "{bad}");
    }
}
