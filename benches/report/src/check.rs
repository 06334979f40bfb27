//! Compares the figures that repeat exactly with `baseline.json`, so that none grows unnoticed.

use std::collections::BTreeMap;
use std::fs;

use crate::client::{self, Cost};
use crate::program::{Outcome, Program, service, workspace};
use crate::{decode, mock, servers, starts};

/// By how much a figure may exceed the baseline. New versions of the compiler and of dependencies change the
/// instructions a little, and the size of a server; they do not change the number of allocations.
const MARGINS_PERCENT: [(&str, u64); 4] =
    [("instructions", 3), ("bytes", 3), ("allocations", 0), ("reallocations", 0)];

/// The companies of the lists that are measured here: few, so that it is quick.
const COMPANIES: u64 = 1_000;

const CLIENT: &str = "peer-partner-api";

/// By their names.
type Figures = BTreeMap<String, u64>;

pub(crate) fn run(write: bool) -> Outcome<()> {
    let measured = measure()?;
    let file = workspace().join("baseline.json");
    if write {
        fs::write(file, serde_json::to_string_pretty(&measured)? + "\n")?;
        return Ok(());
    }
    let agreed: BTreeMap<String, Figures> = serde_json::from_slice(&fs::read(file)?)?;
    let mut dearer = Vec::new();
    for (name, figures) in &measured {
        for (figure, now) in figures {
            let agreed = agreed.get(name).and_then(|figures| figures.get(figure));
            let agreed =
                agreed.ok_or_else(|| format!("{name}: {figure} is not in baseline.json"))?;
            let margin = MARGINS_PERCENT.into_iter().find(|(name, _)| name == figure);
            let (_, margin) = margin.ok_or_else(|| format!("{figure} has no margin"))?;
            println!("{name}: {now} {figure}; agreed: {agreed} and {margin} % more");
            if *now > agreed + agreed * margin / 100 {
                dearer.push(format!("{name}: {figure}"));
            }
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

fn measure() -> Outcome<BTreeMap<String, Figures>> {
    let service = service(&Program::build("service")?, 1)?;
    let call = client::measure(&Program::build(CLIENT)?, &service)?;
    let mock = Program::build(servers::OURS)?;
    let (response, list) = mock::response_costs(&mock, COMPANIES)?;
    let decoder = Program::build(decode::OURS)?;
    let measured = [
        (CLIENT.to_owned(), whole(call)),
        (servers::OURS.to_owned(), whole(response)),
        (format!("{}, {COMPANIES} companies", servers::OURS), one("instructions", list)),
        (format!("{}, each further one", servers::OURS), one("bytes", starts::further(&mock)?)),
        (format!("{}, a company", decode::OURS), one("instructions", decode::ours(COMPANIES)?)),
    ];
    let lists = ["kept", "streamed"].into_iter().map(|way| {
        let cost = decode::allocations(&decoder, COMPANIES, way)?;
        Ok((format!("{}, {COMPANIES} {way}", decode::OURS), allocated(cost)))
    });
    let lists: Outcome<Vec<_>> = lists.collect();
    Ok(measured.into_iter().chain(lists?).collect())
}

fn one(figure: &str, count: u64) -> Figures {
    Figures::from([(figure.to_owned(), count)])
}

fn allocated(Cost { allocations, reallocations, .. }: Cost) -> Figures {
    let mut figures = one("allocations", allocations);
    figures.extend(one("reallocations", reallocations));
    figures
}

fn whole(cost: Cost) -> Figures {
    let mut figures = allocated(cost);
    figures.extend(one("instructions", cost.instructions));
    figures
}
