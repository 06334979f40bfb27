//! A rule is written in Rust, in JSON or as text. All three mean the same, and the error for a
//! mistake is one line that helps.

use std::time::Duration;

use partner_api_mock::{Delay, Fault, MockServer, Rule};
use proptest::prelude::*;

fn json(rule: &Rule) -> String {
    serde_json::to_string(rule).unwrap()
}

#[test]
fn a_rule_reads_the_same_in_rust_as_text_and_in_json() {
    let ms = Duration::from_millis;
    let rows = [
        (Rule::new(Fault::status(503)), "status=503", r#"{"status":503}"#),
        (
            Rule::new(Fault::html_error_page(502).retry_after(1)).operation("wallet").times(2),
            "status=502 htmlErrorPage retryAfter=1 operation=wallet times=2",
            r#"{"status":502,"htmlErrorPage":true,"retryAfter":"1","operation":"wallet","times":2}"#,
        ),
        (
            Rule::new(Fault::status(429).retry_after_date_in(Duration::from_secs(90))),
            "status=429 retryAfterDateIn=90s",
            r#"{"status":429,"retryAfterDateIn":"90s"}"#,
        ),
        (
            Rule::new(Fault::status(400).body("two words").header("x-a", "1")),
            r#"status=400 body="two words" headers={"x-a":"1"}"#,
            r#"{"status":400,"body":"two words","headers":{"x-a":"1"}}"#,
        ),
        (
            Rule::new(Fault::passthrough().delay(ms(250)).truncate(40)).flapping(2, 3),
            "delay=250ms truncate=40 flapping=2/3",
            r#"{"delay":"250ms","truncate":40,"flapping":"2/3"}"#,
        ),
        (
            Rule::new(Fault::passthrough().delay(Delay::uniform(ms(5), ms(1000))))
                .after(1)
                .every(2),
            "delay=5ms..1s after=1 every=2",
            r#"{"delay":"5ms..1s","after":1,"every":2}"#,
        ),
        (
            Rule::new(Fault::reset_after_request().delay(Delay::log_normal(ms(90), 0.1))),
            "delay=lognormal(90ms,0.1) connection=resetAfterRequest",
            r#"{"delay":"lognormal(90ms,0.1)","connection":"resetAfterRequest"}"#,
        ),
        (
            Rule::new(Fault::passthrough().slow_headers(ms(10)).throttle(ms(20)).invalid_utf8())
                .partner("Example Partner")
                .probability(0.25)
                .rng_seed(7),
            r#"slowHeaders=10ms throttle=20ms invalidUtf8 partner="Example Partner" probability=0.25 rngSeed=7"#,
            r#"{"slowHeaders":"10ms","throttle":"20ms","invalidUtf8":true,"partner":"Example Partner","probability":0.25,"rngSeed":7}"#,
        ),
    ];
    for (rule, text, in_json) in rows {
        assert_eq!((rule.to_string().as_str(), json(&rule).as_str()), (text, in_json));
        assert_eq!(text.parse(), Ok(rule.clone()));
        assert_eq!(serde_json::from_str::<Rule>(in_json).unwrap(), rule);
    }
}

/// The rule as it is written, and how the line with its error begins and ends.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("", "expected a fault, such as `status=503`", "`connection=reset`"),
    ("operation=wallet", "expected a fault", ""),
    ("staus=503", "unknown field `staus`, expected one of `status`", "did you mean `status`?"),
    (
        "connection=rest",
        "connection: unknown variant `rest`, expected one of ",
        "did you mean `reset`?",
    ),
    ("status=many", "status: invalid type: string \"many\", expected u16", ""),
    ("status=42", "status: expected one from 200 to 599", ""),
    ("status=503 status=502", "`status` is given twice", ""),
    ("status=204 body=x", "body: a response with this status has none", ""),
    ("htmlErrorPage", "htmlErrorPage: expected a status with it", ""),
    ("status=502 htmlErrorPage body=x", "htmlErrorPage, body: expected one of them", ""),
    ("body=\"x", "body: expected JSON after `=`", ""),
    ("contentType=\"a\\nb\"", "contentType: a value that HTTP does not allow", ""),
    ("headers={\"a b\":\"1\"}", "headers: a name that HTTP does not allow", ""),
    (
        "headers={\"Content-Length\":\"1\"}",
        "headers: Content-Type and the framing of a body are not set here",
        "",
    ),
    ("delay=soon", "delay: `soon`: expected a delay such as `250ms`", ""),
    ("delay=48000m", "delay: `48000m`: expected a delay", "a day at most"),
    ("throttle=-1", "throttle: invalid type: floating point `-1.0`, expected a time", ""),
    ("truncate=1 contentLength=2", "truncate, contentLength: expected one of them", ""),
    ("connection=reset status=503", "connection, status: expected one of them", ""),
    ("connection=malformedChunk truncate=1", "connection, truncate: expected one of them", ""),
    ("retryAfter=1 retryAfterDateIn=1s", "retryAfter, retryAfterDateIn: expected one of them", ""),
    ("retryAfterDateIn=soon", "retryAfterDateIn: `soon`: expected a time", "a day at most"),
    ("connection=close retryAfterDateIn=1s", "connection, retryAfterDateIn: expected one", ""),
    ("throttle=1s padTo=9", "throttle, padTo: expected one of them", ""),
    ("status=503 every=0", "every: expected 1 or more", ""),
    ("status=503 flapping=1", "flapping: `1`: expected bad and good requests such as `2/3`", ""),
    ("status=503 flapping=0/1", "flapping: expected 1 or more on both sides", ""),
    ("status=503 every=2 flapping=1/1", "every, flapping: expected one of them", ""),
    ("status=503 probability=1.5", "probability: expected a number from 0 to 1", ""),
    ("status=503 key=\"a b\"", "key: expected letters, digits", ""),
    ("a\u{1b}[31m=1", "unknown field `a\\u{1b}[31m`", ""),
];

#[test]
fn the_error_for_a_mistake_is_one_line_with_what_was_expected() {
    for (text, start, end) in MISTAKES {
        let error = text.parse::<Rule>().unwrap_err().to_string();
        assert!(error.starts_with(start) && error.ends_with(end), "{text}: {error}");
        assert!(!error.chars().any(char::is_control), "{text}: {error}");
    }
    let wrong = serde_json::from_str::<Rule>(r#"{"status": 503, "tmes": 2}"#).unwrap_err();
    assert!(wrong.to_string().starts_with("unknown field `tmes`"), "{wrong}");
    let wrong = serde_json::from_str::<Rule>(r#"{"truncate": 1, "contentLength": 2}"#).unwrap_err();
    assert!(
        wrong.to_string().starts_with("truncate, contentLength: expected one of them"),
        "{wrong}"
    );
}

#[test]
fn a_rule_in_json_can_be_its_text_and_has_no_duplicate_or_null_option() {
    let rule = serde_json::from_str::<Rule>(r#""status=503 times=2""#).unwrap();
    assert_eq!(rule, Rule::new(Fault::status(503)).times(2));
    for (json, expected) in [
        (r#"{"status": 503, "status": 502}"#, "duplicate field `status`"),
        (r#"{"status": null}"#, "status: invalid type: null, expected u16"),
        (r#""staus=503""#, "unknown field `staus`, expected one of"),
        ("503", "invalid type: integer `503`, expected a rule as an object or as text, such as"),
    ] {
        let error = serde_json::from_str::<Rule>(json).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{json}: {error}");
    }
}

#[test]
fn a_time_and_a_delay_read_back_as_they_are_written() {
    for text in ["0ms", "250ms", "2s", "1000001ns"] {
        let rule = format!("throttle={text}");
        assert_eq!(rule.parse::<Rule>().unwrap().to_string(), rule);
    }
    let fifteen = Rule::new(Fault::passthrough().throttle(Duration::from_millis(15)));
    assert_eq!("throttle=15".parse(), Ok(fifteen));
    for bad in ["", "ms", "1.5s", "-1s", "1 s", "1h", "25000m", "99999999999999999999"] {
        assert!(format!("throttle=\"{bad}\"").parse::<Rule>().is_err(), "{bad}");
    }
    for text in ["250ms", "50ms..150ms", "lognormal(90ms,0.1)"] {
        let rule = format!("delay={text}");
        assert_eq!(rule.parse::<Rule>().unwrap().to_string(), rule);
    }
    for bad in ["", "2..1", "lognormal(90ms)", "lognormal(90ms,-1)", "lognormal(1,NaN)"] {
        assert!(format!("delay=\"{bad}\"").parse::<Rule>().is_err(), "{bad}");
    }
}

#[test]
fn no_error_shows_a_key() {
    for json in [
        r#"{"status": "pk_live_canary"}"#,
        r#"{"pk_live_canary": 1}"#,
        r#"{"status": 503, "key": ["canary"]}"#,
        r#"{"status": 503, "key": "canary canary"}"#,
        r#"{"delay": "pk_live_canary"}"#,
        r#"{"connection": "pk_live_canary"}"#,
        r#"{"retryAfter": {"x": "canary"}}"#,
        r#"{"pk_live_canary": 1, "pk_live_canary": 1}"#,
        r#"["pk_live_canary"]"#,
        r#""status=pk_live_canary""#,
        r#""pk_live_canary""#,
    ] {
        let error = serde_json::from_str::<Rule>(json).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{json}: {error}");
    }
}

#[tokio::test]
async fn a_rule_is_checked_when_it_is_added_wherever_it_comes_from() {
    let mock = MockServer::start().await.unwrap();
    mock.add_partner("second");
    for (rule, expected) in [
        (Rule::new(Fault::status(42)), "status: expected one from 200 to 599"),
        (Rule::new(Fault::passthrough()), "expected a fault, such as"),
        (Rule::new(Fault::reset()).probability(f64::NAN), "probability: expected a number"),
        (
            Rule::new(Fault::reset()).key("pk_live_x\n"),
            "key: expected letters, digits and -._~+/ only",
        ),
        (
            Rule::new(Fault::reset()).operation("walet"),
            "operation: unknown `walet`; did you mean `wallet`? If not, write `/walet`",
        ),
        (
            Rule::new(Fault::reset()).partner("secnd"),
            "partner: unknown `secnd`, expected one of this mock's; did you mean `second`?",
        ),
    ] {
        let error = mock.faults().add(rule).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(mock.partner().faults().add(Rule::new(Fault::reset()).partner("second")).is_err());
    assert!(mock.partner().fail_next(Fault::status(42)).is_err());
    assert!(mock.faults().rules().is_empty());
}

proptest! {
    #[test]
    fn every_text_is_written_so_that_it_reads_back(
        body in "\\PC{0,12}|[ \"={}\\\\a-z0-9.\n]{0,12}",
        partner in "[ \"={}\\\\a-z0-9.]{1,12}",
        after in "\\PC{0,8}",
    ) {
        let fault = Fault::status(400).body(body).header("x-a", partner.trim());
        let rule = Rule::new(fault).partner(partner.clone()).operation(partner);
        prop_assert_eq!(rule.to_string().parse(), Ok(rule.clone()), "{}", rule);
        prop_assert_eq!(serde_json::from_str::<Rule>(&json(&rule)).unwrap(), rule);
        let retry = Rule::new(Fault::status(503).header("x", "1")).partner(after);
        prop_assert_eq!(retry.to_string().parse(), Ok(retry));
    }

    #[test]
    fn no_text_causes_a_panic(text in "([a-zA-Z]{1,8}|status|delay|headers|key|body)=?[\"{}0-9a-z. ]{0,12}") {
        if let Ok(rule) = text.parse::<Rule>() {
            let shown = rule.to_string();
            // A key is not written to the text.
            prop_assert_eq!(shown.parse::<Rule>().is_ok(), !shown.contains("[redacted]"));
        }
    }
}
