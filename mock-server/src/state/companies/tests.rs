//! What is kept is a list, whatever is done to it, beside a plain one.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// Few enough for several companies to have the same.
const IDS: [&str; 4] = ["c", "c\"", "x", "é\u{1}"];

fn times() -> impl Strategy<Value = Timestamp> {
    let latest = "9999-12-30T22:00:00.999Z".parse().unwrap();
    prop::sample::select(vec![Timestamp::MIN, Timestamp::UNIX_EPOCH, latest])
}

fn companies() -> impl Strategy<Value = Company> {
    let ids = || prop::sample::select(&IDS);
    let connections = prop::collection::vec(ids(), 0..3);
    (ids(), times(), connections).prop_map(|(id, onboarded_at, connections)| {
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
    let ids = || prop::sample::select(&IDS);
    prop_oneof![
        4 => companies().prop_map(Step::Add),
        2 => (ids(), companies()).prop_map(|(id, company)| Step::Change(id, company)),
        2 => ids().prop_map(Step::Remove),
        1 => ids().prop_map(Step::ChangeConnection),
        1 => ids().prop_map(Step::RemoveConnection),
    ]
}

/// What a step does to a plain list, and what came of it.
fn plain(all: &mut Vec<Company>, step: Step) -> Option<Company> {
    let company = |all: &mut Vec<Company>, id| all.iter().position(|one| one.id == id);
    let connection = |all: &mut Vec<Company>, id: &str| {
        all.iter().enumerate().find_map(|(at, company)| {
            Some((at, company.connections.iter().position(|one| one.id == id)?))
        })
    };
    match step {
        Step::Add(company) => {
            all.push(company);
            None
        }
        Step::Change(id, new) => company(all, id).map(|at| std::mem::replace(&mut all[at], new)),
        Step::Remove(id) => company(all, id).map(|at| all.remove(at)),
        Step::ChangeConnection(id) => connection(all, id).map(|(company, at)| {
            all[company].connections[at].status = "changed".to_owned();
            all[company].clone()
        }),
        Step::RemoveConnection(id) => connection(all, id).map(|(company, at)| {
            all[company].connections.remove(at);
            all[company].clone()
        }),
    }
}

fn kept(all: &mut Companies, step: Step) -> Option<Company> {
    match step {
        Step::Add(company) => {
            all.extend([company]);
            None
        }
        Step::Change(id, new) => all.change(id, |company| std::mem::replace(company, new)),
        Step::Remove(id) => all.remove(id),
        Step::ChangeConnection(id) => {
            let of = whose(all, id);
            let old = all.change_connection(id, |one| {
                std::mem::replace(&mut one.status, "changed".to_owned())
            });
            assert_eq!(old.is_some(), of.is_some());
            all.iter().nth(of?)
        }
        Step::RemoveConnection(id) => {
            let of = whose(all, id);
            assert_eq!(all.remove_connection(id).map(|one| one.id).as_deref(), of.map(|_| id));
            all.iter().nth(of?)
        }
    }
}

/// Which company has this connection.
fn whose(all: &Companies, id: &str) -> Option<usize> {
    all.iter().position(|company| company.connections.iter().any(|one| one.id == id))
}

/// What a plain list of them is sent as.
fn sent(companies: &[Company]) -> Vec<u8> {
    let each: Vec<_> = companies.iter().map(crate::state::body::company).collect();
    [BEFORE_COMPANIES, &each.join(&b","[..]), AFTER_COMPANIES].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_done_it_is_a_list(steps in prop::collection::vec(steps(), 0..24)) {
        let (mut expected, mut all) = (Vec::new(), Companies::default());
        for step in steps {
            let before = all.clone();
            let (old, expected_old) = (all.content(), sent(&expected));
            prop_assert_eq!(kept(&mut all, step.clone()), plain(&mut expected, step));

            prop_assert!(all.iter().eq(expected.iter().cloned()));
            prop_assert_eq!(all.len(), expected.len());
            let connections = expected.iter().map(|company| company.connections.len());
            prop_assert_eq!(all.connections(), connections.sum::<usize>());
            prop_assert!(all.content().into_bytes() == sent(&expected));
            for id in IDS {
                let found = expected.iter().find(|company| company.id == id);
                prop_assert_eq!(all.get(id), found.cloned());
                let mut connections = expected.iter().flat_map(|company| &company.connections);
                let found = connections.find(|connection| connection.id == id);
                prop_assert_eq!(all.connection(id), found.cloned());
            }
            // A list that was taken before is unchanged.
            prop_assert!(old.into_bytes() == expected_old);
            prop_assert!(before.content().into_bytes() == expected_old);
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

#[test]
fn a_change_that_panics_changes_nothing() {
    let mut all: Companies = [Company::new("c", "C")].into_iter().collect();
    let before = all.content().into_bytes();
    let change = std::panic::AssertUnwindSafe(|| {
        all.change("c", |company| {
            company.name.clear();
            panic!("half-way");
        })
    });
    assert!(std::panic::catch_unwind(change).is_err());
    assert_eq!(all.content().into_bytes(), before);
}
