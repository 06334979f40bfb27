//! What is kept is a list, whatever is done to it, beside a plain one.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// Few enough for several companies to have the same.
const IDS: [&str; 4] = ["c", "c\"", "x", "é\u{1}"];

fn ids() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&IDS)
}

fn companies() -> impl Strategy<Value = Company> {
    let latest = "9999-12-30T22:00:00.999Z".parse().unwrap();
    let times = prop::sample::select(vec![Timestamp::MIN, Timestamp::UNIX_EPOCH, latest]);
    let connections = prop::collection::vec(ids(), 0..3);
    (ids(), times, connections).prop_map(|(id, onboarded_at, connections)| {
        let company = Company { onboarded_at, ..Company::new(id, "C") };
        connections.into_iter().map(Connection::new).fold(company, Company::with_connection)
    })
}

#[derive(Debug, Clone)]
enum Step {
    Add(Company),
    Change(&'static str, Company),
    Remove(&'static str),
    ChangeConnection(&'static str),
    RemoveConnection(&'static str),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => companies().prop_map(Step::Add),
        2 => (ids(), companies()).prop_map(|(id, company)| Step::Change(id, company)),
        2 => ids().prop_map(Step::Remove),
        1 => ids().prop_map(Step::ChangeConnection),
        1 => ids().prop_map(Step::RemoveConnection),
    ]
}

/// What a step does to a plain list. True if there was something to do it to.
fn plain(all: &mut Vec<Company>, step: Step) -> bool {
    let find = |all: &[Company], id| all.iter().position(|one| one.id == id);
    let mut connections = |id: &str, change: fn(&mut Vec<Connection>, usize)| {
        let find = |one: &mut Company| one.connections.iter().position(|one| one.id == id);
        let found = all.iter_mut().find_map(|one| Some((find(one)?, one)));
        found.map(|(at, company)| change(&mut company.connections, at)).is_some()
    };
    match step {
        Step::ChangeConnection(id) => {
            connections(id, |all, at| all[at].status = "changed".to_owned())
        }
        Step::RemoveConnection(id) => connections(id, |all, at| drop(all.remove(at))),
        Step::Add(company) => {
            all.push(company);
            true
        }
        Step::Change(id, new) => find(all, id).map(|at| all[at] = new).is_some(),
        Step::Remove(id) => find(all, id).map(|at| all.remove(at)).is_some(),
    }
}

fn kept(all: &mut Companies, step: Step) -> bool {
    match step {
        Step::Add(company) => {
            all.extend([company]);
            true
        }
        Step::Change(id, new) => all.change(id, |company| *company = new).is_some(),
        Step::Remove(id) => all.remove(id).is_some_and(|removed| removed.id == id),
        Step::ChangeConnection(id) => {
            all.change_connection(id, |one| one.status = "changed".to_owned()).is_some()
        }
        Step::RemoveConnection(id) => {
            all.remove_connection(id).is_some_and(|removed| removed.id == id)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_done_it_is_a_list(steps in prop::collection::vec(steps(), 0..24)) {
        let (mut expected, mut all) = (Vec::new(), Companies::default());
        let sent = |all: &[Company]| {
            Bytes::from(format!(r#"{{"data":{}}}"#, serde_json::to_string(all).unwrap()))
        };
        for step in steps {
            let (before, old) = (all.clone(), sent(&expected));
            prop_assert_eq!(kept(&mut all, step.clone()), plain(&mut expected, step));
            prop_assert!(all.iter().eq(&expected));
            prop_assert_eq!(all.len(), expected.len());
            prop_assert_eq!(all.content().into_bytes(), sent(&expected));
            // A list that was taken before is unchanged.
            prop_assert_eq!(before.content().into_bytes(), old);
        }
    }
}

#[test]
fn a_change_writes_one_block_anew_and_leaves_the_others() {
    let company = |id: usize| Company::new(id.to_string(), "C");
    let mut all: Companies = (0..9).map(company).collect();
    let pieces = |all: &Companies| {
        let Payload::Chunks(pieces) = all.content() else { panic!("several blocks") };
        pieces.iter().map(|piece| piece.as_ptr()).collect::<Vec<_>>()
    };
    let before = (all.clone(), pieces(&all));
    all.change("4", |company| company.template_count = 7);
    let changed = before.1.iter().zip(pieces(&all)).map(|(before, after)| *before != after);
    assert_eq!(changed.collect::<Vec<_>>(), [false, false, true, false, false]);
}
