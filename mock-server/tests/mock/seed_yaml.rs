//! A seed in YAML means what the same JSON means, and the error for a mistake names its line and
//! column in the YAML.

use partner_api_mock::{Company, Mock, MockServer, Seed};
use proptest::prelude::*;

use crate::raw;

fn example() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/seed.example.yaml").to_owned()
}

async fn get(mock: &MockServer, key: &str, path: &str) -> raw::Response {
    let head = format!("host: mock\r\nconnection: close\r\nauthorization: Bearer {key}");
    raw::exchange(mock.address(), format!("GET /api/v1/{path} HTTP/1.1\r\n{head}\r\n\r\n")).await
}

#[tokio::test]
async fn the_mock_serves_the_example() {
    let seed = Seed::from_path(example()).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    let [busy, new] = &mock.partners()[..] else { panic!("two partners") };

    assert_eq!(busy.companies(), Company::generate(1000, 7));
    assert_eq!((busy.wallet(), busy.wallet().credit_unit_price.scale()), (new.wallet(), 4));
    assert_eq!(new.companies()[0].name, "Café Étoile");
    assert_eq!(new.companies()[0].connections[0].display_phone_number, "+237 6 90 00 00 00");

    let key = mock.api_key();
    for (status, retry_after) in [(503, Some("1")), (503, Some("1")), (200, None)] {
        let response = get(&mock, &key, "wallet").await;
        assert_eq!((response.status, response.header("retry-after")), (status, retry_after));
    }
    let stats = get(&mock, &key, "stats").await;
    assert_eq!((stats.status, stats.body.as_str()), (200, r#"{"sent":3,"delivered":2}"#));
    let template = get(&mock, &key, "templates/t-1").await;
    assert_eq!((template.status, template.error()), (404, "not_found"));
    let others = "pk_live_exampleexampleexample002";
    assert_eq!(get(&mock, others, "stats").await.status, 404, "it is the other partner's");
    assert_eq!(new.faults().rules(), ["connection=reset partner=\"New partner\" every=10"]);
}

#[test]
fn the_docs_show_the_example_as_it_is() {
    let page = include_str!("../../../docs/seed-file.md");
    let example = std::fs::read_to_string(example()).unwrap();
    assert!(page.contains(&format!("```yaml\n{example}```\n")));
}

#[test]
fn json_is_also_yaml() {
    let json = include_str!("../../seed.example.json");
    let (a, b) = (
        Mock::seeded(Seed::from_json(json).unwrap()),
        Mock::seeded(Seed::from_yaml(json).unwrap()),
    );
    for (a, b) in a.partners().iter().zip(b.partners()) {
        assert_eq!((a.name(), a.wallet(), a.companies()), (b.name(), b.wallet(), b.companies()));
        assert_eq!((a.is_active(), a.keys()), (b.is_active(), b.keys()));
    }
}

#[test]
fn the_error_for_a_mistake_has_its_position_in_the_yaml() {
    let rows = [
        ("", "1:1: invalid type: null, expected an object with `partners`"),
        ("partners: []\n", "1:11: partners: expected at least one partner"),
        ("partners:\n  - keys: [k]\n", "2:5: partners[0]: missing field `name`"),
        (
            "partners:\n- name: é\n  walet: {}\n",
            "3:10: partners[0].walet: unknown field `walet`, expected one of `name`, `keys`, `active`, \
             `wallet`, `companies`, `generate`, `faults`, `stubs`; did you mean `wallet`?",
        ),
        (
            "partners:\n- name: p\n  wallet:\n    creditUnitPrice: 25.0000\n",
            "4:22: partners[0].wallet.creditUnitPrice: invalid type: floating point `25.0`, expected a decimal \
             number as a string, such as \"25.0000\"",
        ),
        (
            "partners:\n- name: 7\n",
            "2:9: partners[0].name: invalid type: integer `7`, expected a string",
        ),
        (
            "partners:\n- name: true\n",
            "2:9: partners[0].name: invalid type: boolean `true`, expected a string",
        ),
        ("partners:\n- name:\n", "2:8: partners[0].name: invalid type: null, expected a string"),
        (
            "partners:\n- {name: p, active: yes}\n",
            "2:21: partners[0].active: invalid type: string \"yes\", expected a boolean",
        ),
        (
            "partners:\n- name: é\n  companies: &e\n  - {id: é, name: é, onboardedAt: June}\n",
            "4:37: partners[0].companies[0].onboardedAt: invalid value: string \"June\", expected a time such \
             as \"2026-06-01T10:12:00.000Z\"",
        ),
        (
            "partners:\n- name: &p p\n- name: *p\n",
            "2:9: partners[1].name: a second partner named `p`: expected each name once",
        ),
        (
            "partners:\n- name: p\n  faults:\n  - times: 2\n    status: 42\n",
            "5:13: partners[0].faults[0].status: expected one from 200 to 599",
        ),
        (
            "partners:\n- name: p\n  faults: [status=503, staus=503]\n",
            "3:24: partners[0].faults[1]: unknown field `staus`, expected one of",
        ),
        (
            "partners:\n- name: p\n  name: q\n",
            "2:3: not YAML: partners[0]: duplicate entry with key \"name\"",
        ),
        ("partners: [\n", "2:1: not YAML: did not find expected node content"),
        (
            "partners:\n- name: p\n---\n",
            "1:1: not YAML: deserializing from YAML containing more than one document is not supported",
        ),
    ];
    for (text, expected) in rows {
        let error = Seed::from_yaml(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("seed:{expected}")), "{text}\n{error}\n{expected}");
    }
}

#[test]
fn the_name_of_a_file_decides_whether_it_is_yaml() {
    let folder = std::env::temp_dir().join(format!("seed-yaml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, is_yaml) in [("a.yaml", true), ("b.YML", true), ("c.json", false), ("d", false)] {
        let path = folder.join(name);
        std::fs::write(&path, "\u{feff}partners: [{name: p}]\n").unwrap();
        let seed = Seed::from_path(&path);
        assert_eq!(seed.is_ok(), is_yaml, "{seed:?}");
    }
    std::fs::write(folder.join("a.yaml"), "partners:\n- nme: p\n").unwrap();
    let error = Seed::from_path(folder.join("a.yaml")).unwrap_err();
    assert!(error.to_string().contains("a.yaml:2:8: partners[0].nme: unknown field"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn no_key_is_shown() {
    for text in [
        "partners:\n- name: p\n  keys: canary\n",
        "partners:\n- name: p\n  keys: [canary, canary]\n",
        "partners:\n- name: p\n  keys: [\"canary,\"]\n",
        "partners:\n- name: p\n  faults: [{status: pk_live_canary}]\n",
        "partners:\n- name: p\n  faults: [{key: [canary]}]\n",
        "partners:\n- name: p\n  faults: [key=\"canary ,\"]\n",
        "partners:\n- name: p\n  faults: [pk_live_canary]\n",
        "pk_live_canary: 1\npk_live_canary: 2\n",
        "partners: !pk_live_canary []\n",
    ] {
        let error = format!("{:?}", Seed::from_yaml(text).unwrap_err());
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn no_key_is_shown_where_a_number_is_written_instead() {
    let of_a_key = |text: &str| Seed::from_yaml(text).unwrap_err().to_string();
    assert_eq!(
        of_a_key("partners:\n- {name: p, keys: [a, 4711]}"),
        "seed:2:23: partners[0].keys[1]: expected a key as a string (the value is not shown)"
    );
    assert_eq!(
        of_a_key("partners: [{name: p}]\nfaults: [{status: 500, key: 47.11}]"),
        "seed:2:29: faults[0].key: expected a key as a string (the value is not shown)"
    );
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = (Seed::from_yaml(&text), Seed::from_json(&text));
    }

    #[test]
    fn no_change_of_the_example_causes_a_panic(
        at in 0_usize..1600,
        length in 0_usize..20,
        by in "[-:?#&*!|>'\"%{}\\[\\],a1é~ \n]{0,6}",
    ) {
        let text = include_str!("../../seed.example.yaml");
        let boundary = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let (from, to) = (boundary(at.min(text.len())), boundary((at + length).min(text.len())));
        let changed = format!("{}{by}{}", text.get(..from).unwrap(), text.get(to..).unwrap());
        if let Err(error) = Seed::from_yaml(&changed) {
            let shown = error.to_string();
            prop_assert!(!shown.chars().any(char::is_control), "{}", shown);
            let line = error.line().unwrap();
            prop_assert!(line <= changed.lines().count() + 1, "{}", shown);
        }
    }
}
