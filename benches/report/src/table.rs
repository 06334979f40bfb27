//! A table in Markdown, so that it can be pasted.

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

/// Shown if there is no figure. The text beside the table says why.
pub(crate) const NONE: &str = "–";

/// `63.2 k`, or `63.2 M` if that is shorter.
pub(crate) fn thousands(number: u64) -> String {
    let number = as_f64(number);
    if number < 1e7 { format!("{:.1} k", number / 1e3) } else { format!("{:.1} M", number / 1e6) }
}

pub(crate) fn millis(nanos: f64) -> String {
    format!("{:.2} ms", nanos / 1e6)
}

/// `1.6 us`, or `1.6 ms` if that is shorter.
pub(crate) fn time(nanos: f64) -> String {
    if nanos < 1e6 { format!("{:.1} us", nanos / 1e3) } else { millis(nanos) }
}

pub(crate) fn micros(nanos: f64) -> String {
    format!("{:.0} us", nanos / 1e3)
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", as_f64(bytes) / 1e6)
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with few digits")]
pub(crate) fn as_f64(number: u64) -> f64 {
    number as f64
}

/// The median, or zero without values.
pub(crate) fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The median of the ratios of each round, because the machine's speed varies from round to round.
pub(crate) fn paired<T>(of: &[T], by: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    median(of.iter().zip(by).map(|(of, by)| figure(of) / figure(by)))
}

/// `0.91`, or `0.011`: two significant digits.
pub(crate) fn ratio(of: f64, by: f64) -> String {
    shown_ratio(of / by)
}

pub(crate) fn shown_ratio(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}
