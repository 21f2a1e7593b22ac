//! The verdict as a program says it: every claim's answer in a sentence, then its rows.

use super::claim::{Claim, ClaimRow};
use super::headline::{headline, percent};

/// Every claim that was tested: what is asked, the answer over all places, and the paper's.
pub fn answers(claims: &[Claim], rows: &[ClaimRow]) -> String {
    let tested = claims.iter().filter_map(|claim| {
        let of: Vec<&ClaimRow> = rows.iter().filter(|row| claim.is_of(row)).collect();
        (!of.is_empty())
            .then(|| format!("  {}\n    {}. (The paper: {}.)\n", claim.asks, headline(of.iter().copied()), claim.paper))
    });
    tested.collect()
}

/// A table of rows, a line each, under the question that their claim asks.
pub fn table(claims: &[Claim], rows: &[&ClaimRow]) -> String {
    let places: Vec<String> = rows.iter().map(|row| place(rows, row)).collect();
    let widest = places.iter().map(|place| place.chars().count()).max().unwrap_or(0).max("where".len());
    let line = |k: usize| {
        let row = rows[k];
        let end = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        let interval = format!("{:.3} [{}, {}]", row.value, end(row.lower), end(row.upper));
        let why = row.why.map_or_else(String::new, |why| format!(": {why}"));
        let detail = if row.detail.is_empty() { String::new() } else { format!("; {}", row.detail) };
        format!("    {:<widest$}  {interval:>26}  {}{why}{detail}\n", places[k], row.outcome)
    };
    let mut lines: Vec<String> = Vec::new();
    for claim in claims {
        let of: Vec<usize> = (0..rows.len()).filter(|&k| claim.is_of(rows[k])).collect();
        if !of.is_empty() {
            lines.push(format!("{}\n", claim.asks));
        }
        // Quantity by quantity, in the order of first appearance.
        let mut measured: Vec<&str> = Vec::new();
        for &k in &of {
            if !measured.contains(&rows[k].measured.as_str()) {
                measured.push(&rows[k].measured);
                lines.push(format!("  {} ({}):\n", rows[k].measured, rows[k].unit));
                lines.extend(of.iter().filter(|&&other| rows[other].measured == rows[k].measured).map(|&k| line(k)));
            }
        }
    }
    lines.concat()
}

/// What a row's place has that not all have.
fn place(rows: &[&ClaimRow], row: &ClaimRow) -> String {
    let fraction =
        |row: &ClaimRow| row.train_fraction.map_or_else(String::new, |share| format!("{} train", percent(share)));
    let against = |row: &ClaimRow| match row.compared_with.as_str() {
        "" => String::new(),
        other => format!("beside {other}"),
    };
    let parts: [&dyn Fn(&ClaimRow) -> String; 9] = [
        &|row| row.dataset.clone(),
        &|row| row.architecture.clone(),
        &|row| row.condition.clone(),
        &|row| row.activation.clone(),
        &fraction,
        &|row| row.layers.clone(),
        &|row| row.estimator.clone(),
        &|row| row.level.clone(),
        &against,
    ];
    let names = parts.iter().filter(|part| rows.iter().any(|other| part(other) != part(row))).map(|part| part(row));
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::claim::planted;
    use super::super::outcome::{Decision, Why};
    use super::*;

    #[test]
    fn a_row_names_what_sets_it_apart_and_why_it_is_undecided() {
        let claims = [Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" }];
        let rows = [
            planted("tanh", "bins", 0.5, Decision::SUPPORTED),
            planted("relu", "bins", 0.25, Decision::undecided(Why::NotLearned)).with_detail("1 of 2 layers".into()),
        ];
        let text = table(&claims, &rows.iter().collect::<Vec<_>>());
        assert!(text.contains("tanh") && text.contains("0.500 [0.400, 0.600]  supported\n"), "{text}");
        assert!(
            text.contains("undecided: networks that have not learned; 1 of 2 layers") && !text.contains("bins"),
            "{text}"
        );
        let words = answers(&claims, &rows);
        assert_eq!(words, "  Is it so?\n    yes, where decided (1 of 2). (The paper: yes.)\n");
    }
}
