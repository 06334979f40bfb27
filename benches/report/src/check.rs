//! What repeats exactly, against what was agreed on: so that no change makes a call dearer unseen.

use std::collections::BTreeMap;
use std::fs;

use crate::client::{self, Cost};
use crate::mock;
use crate::program::{Outcome, Program, service, workspace};

/// Versions of the compiler and of what is built on move the instructions a little; allocations not at all.
const MARGIN_PERCENT: u64 = 3;

const CLIENT: &str = "peer-partner-api";

pub(crate) fn run(write: bool) -> Outcome<()> {
    let service = service(&Program::build("service")?, 1)?;
    let measured = BTreeMap::from([
        (CLIENT, client::measure(&Program::build(CLIENT)?, &service)?),
        (mock::OURS, mock::answer_cost()?),
    ]);
    let file = workspace().join("baseline.json");
    if write {
        fs::write(file, serde_json::to_string_pretty(&measured)? + "\n")?;
        return Ok(());
    }
    let agreed: BTreeMap<String, Cost> = serde_json::from_slice(&fs::read(file)?)?;
    let mut dearer = Vec::new();
    for (name, now) in &measured {
        let agreed = agreed.get(*name).ok_or_else(|| format!("{name} is not in baseline.json"))?;
        println!("{name}: {now:?}; agreed: {agreed:?}, and {MARGIN_PERCENT} % more instructions");
        let most = agreed.instructions + agreed.instructions * MARGIN_PERCENT / 100;
        let is_dearer = now.instructions > most
            || now.allocations > agreed.allocations
            || now.reallocations > agreed.reallocations;
        if is_dearer {
            dearer.push(*name);
        }
    }
    if dearer.is_empty() {
        return Ok(());
    }
    Err(format!(
        "dearer than agreed: {}; if it is worth it, `benches/run check --write`, and say why in the commit",
        dearer.join(", ")
    )
    .into())
}
