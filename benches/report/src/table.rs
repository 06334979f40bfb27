//! A table as Markdown has it, so that it can be pasted.

pub(crate) fn print(header: &[&str], rows: &[Vec<String>]) {
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).chain([title.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    };
    line(&header.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>());
    line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    for row in rows {
        line(row);
    }
}

/// `63.2 k`.
pub(crate) fn thousands(number: u64) -> String {
    format!("{:.1} k", as_f64(number) / 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
pub(crate) fn as_f64(number: u64) -> f64 {
    number as f64
}

/// The middle one, or zero where there is none.
pub(crate) fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// `0.91`, or `0.011`: two digits that say something.
pub(crate) fn ratio(of: f64, by: f64) -> String {
    let ratio = of / by;
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}
