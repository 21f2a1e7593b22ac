//! A verdict as people read it: the table of its claims, and answers in words.

use crate::claims::ClaimRow;
use crate::trajectories::verdict::Outcome;

/// The table of claims, a line each.
pub fn table(claims: &[ClaimRow]) -> String {
    let head = format!("{:<42} {:<26} {:<20} {:>26}  verdict\n", "claim", "condition", "encoder", "measured [95 %]");
    let line = |row: &ClaimRow| {
        let end = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        let word = match row.outcome {
            Outcome::Supported => "supported",
            Outcome::Refuted => "refuted",
            Outcome::Inconclusive => "inconclusive",
        };
        let measured = format!("{:.3} [{}, {}]", row.value, end(row.lower), end(row.upper));
        let ClaimRow { claim, condition, estimator, .. } = row;
        format!("{claim:<42} {condition:<26} {estimator:<20} {measured:>26}  {word}\n")
    };
    std::iter::once(head).chain(claims.iter().map(line)).collect()
}

/// An answer in words to each question (the name of a claim, and what a reader asks), over the claims asked about: one line
/// for each encoder.
pub fn in_words<'a>(
    claims: &[ClaimRow],
    questions: &[(&str, &'a str)],
    asked: impl Fn(&ClaimRow) -> bool,
) -> Vec<(&'a str, Vec<String>)> {
    let of_claim = |name: &str| claims.iter().filter(|c| c.claim == name && asked(c)).collect::<Vec<_>>();
    let answers = questions.iter().map(|&(name, question)| {
        let rows = of_claim(name);
        let mut encoders: Vec<&str> = Vec::new();
        for row in &rows {
            if !encoders.contains(&row.estimator.as_str()) {
                encoders.push(&row.estimator);
            }
        }
        let line = |encoder: &&str| {
            let of: Vec<&&ClaimRow> = rows.iter().filter(|row| row.estimator == **encoder).collect();
            let count = |outcome| of.iter().filter(|row| row.outcome == outcome).count();
            let word = match [Outcome::Supported, Outcome::Refuted, Outcome::Inconclusive].map(count) {
                [_, 0, 0] => "yes".to_owned(),
                [0, _, 0] => "no".to_owned(),
                [0, 0, _] => "open".to_owned(),
                [yes, no, open] => format!("{yes} yes, {no} no, {open} open"),
            };
            let values = || of.iter().map(|row| row.value);
            let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
            format!("{encoder}: {word} ({least:.3} to {most:.3} {})", of[0].measured)
        };
        (question, encoders.iter().map(line).collect::<Vec<String>>())
    });
    answers.filter(|(_, lines)| !lines.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_many_agree_and_how_far_values_reach() {
        let row = |value: f64, outcome| ClaimRow {
            question: "q".to_owned(),
            claim: "c".to_owned(),
            condition: "x".to_owned(),
            estimator: "e".to_owned(),
            measured: "bits".to_owned(),
            replicas: 2,
            value,
            lower: None,
            upper: None,
            outcome,
        };
        let claims = [row(0.1, Outcome::Supported), row(0.4, Outcome::Refuted), row(9.0, Outcome::Refuted)];
        let questions = [("c", "Is it so?"), ("d", "Is it not?")];
        let answers = in_words(&claims, &questions, |claim| claim.value < 5.0);
        assert_eq!(answers, [("Is it so?", vec!["e: 1 yes, 1 no, 0 open (0.100 to 0.400 bits)".to_owned()])]);
        assert!(table(&claims).contains("9.000 [–, –]"));
    }
}
