//! Estimates as a table of text, as narrow as names allow: columns that no row has are left out, and where the others are too many for a
//! line, what is about a number stands below it.

use std::fmt::Write;

use super::row::EstimateRow;

/// Characters of a line.
const WIDTH: usize = 120;
/// Before what stands below a row.
const INDENT: &str = "    ";

/// Which information a table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Layers: I(X;T) and I(T;Y).
    Layers,
    /// Two samples: I(A;B).
    Pair,
    /// Three: I(A;B|C).
    Conditional,
}

/// A column: its head, whether it stands to the left, and what each row has.
struct Column {
    head: &'static str,
    is_left: bool,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0).max(self.head.chars().count())
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }
}

/// The table, line by line.
pub fn table(rows: &[EstimateRow], about: About) -> String {
    let head = match about {
        About::Layers => "I(X;T) bits",
        About::Pair => "I(A;B) bits",
        About::Conditional => "I(A;B|C) bits",
    };
    let is_pair = about != About::Layers;
    let column = |head, is_left, cell: &dyn Fn(&EstimateRow) -> String| Column {
        head,
        is_left,
        cells: rows.iter().map(cell).collect(),
    };
    let truth = |row: &EstimateRow| ends(row.interval_lower_bits, row.interval_upper_bits);
    // From what must stand in the line to what may stand below it.
    let must = [
        column("layer", true, &|row| row.layer.clone()),
        column("estimator", true, &|row| row.estimator.clone()),
        column(head, false, &|row| number(row.i_xt_bits)),
        column(if is_pair { "" } else { "I(T;Y) bits" }, false, &|row| number(row.i_ty_bits)),
        column("standing", true, &standing),
    ];
    let may = [
        column(if is_pair { "" } else { "I(X;T) is" }, true, &|row| {
            if row.i_ty_word.is_empty() || row.i_xt_word == row.i_ty_word {
                String::new()
            } else {
                row.i_xt_word.clone()
            }
        }),
        column("95 % for the truth", false, &truth),
        column("p-value", false, &|row| row.p_value.map_or_else(String::new, |p| format!("{p:.4}"))),
        column("shuffled", false, &|row| number(row.null_mean_bits)),
        column("95 % of samples", false, &|row| ends(row.spread_lower_bits, row.spread_upper_bits)),
        column(if is_pair { "error" } else { "I(X;T) error" }, false, &about_first),
        column("I(T;Y) error", false, &|row| {
            row.i_ty_standard_error_bits.map_or_else(String::new, |error| format!("± {error:.4}"))
        }),
    ];
    let mut line: Vec<&Column> = must.iter().filter(|column| !column.is_empty()).collect();
    let width = |columns: &[&Column]| columns.iter().map(|column| column.width() + 2).sum::<usize>();
    let mut below: Vec<&Column> = Vec::new();
    for column in may.iter().filter(|column| !column.is_empty()) {
        if width(&line) + column.width() <= WIDTH {
            line.insert(line.len() - 1, column);
        } else {
            below.push(column);
        }
    }
    // Standings that are long stand below, too.
    if width(&line) - 2 > WIDTH && line.len() > 1 {
        below.extend(line.pop());
    }
    let mut text = String::new();
    let mut put = |cells: &mut dyn Iterator<Item = (&Column, &str)>| {
        let cells: Vec<String> = cells
            .map(|(column, cell)| {
                let width = column.width();
                if column.is_left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    };
    put(&mut line.iter().map(|column| (*column, column.head)));
    let mut lines = Vec::new();
    for at in 0..rows.len() {
        put(&mut line.iter().map(|column| (*column, column.cells[at].as_str())));
        let said: Vec<String> = below
            .iter()
            .filter(|column| !column.cells[at].is_empty())
            .map(|column| format!("{} {}", column.head, column.cells[at]))
            .collect();
        lines.push(wrapped(&said));
    }
    with_lines_below(&text, &lines)
}

/// What is said below a row, in as many lines as it takes.
fn wrapped(said: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in said {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + part.chars().count() <= WIDTH => {
                line.push_str("; ");
                line.push_str(part);
            }
            _ => lines.push(format!("{INDENT}{part}")),
        }
    }
    lines
}

/// The lines of a table with what stands below each row.
fn with_lines_below(text: &str, below: &[Vec<String>]) -> String {
    let mut lines = text.lines();
    let mut whole: Vec<&str> = lines.next().into_iter().collect();
    for (line, below) in lines.zip(below) {
        whole.push(line);
        whole.extend(below.iter().map(String::as_str));
    }
    whole.join("\n") + "\n"
}

fn number(value: Option<f64>) -> String {
    // +0.0 makes 0 of −0.
    value.map_or_else(String::new, |value| format!("{:.4}", (value * 1e4).round() / 1e4 + 0.0))
}

fn ends(lower: Option<f64>, upper: Option<f64>) -> String {
    match (lower, upper) {
        (None, None) => String::new(),
        (Some(_), None) => format!("≥ {}", number(lower)),
        (None, Some(_)) => format!("≤ {}", number(upper)),
        (lower, upper) => format!("[{}, {}]", number(lower), number(upper)),
    }
}

/// What the number that is asked for is worth, in a word: I(T;Y) of a layer.
fn standing(row: &EstimateRow) -> String {
    let word = if row.i_ty_word.is_empty() { &row.i_xt_word } else { &row.i_ty_word };
    if row.refused.is_some() { "refused".to_owned() } else { word.clone() }
}

/// What is known of the error of the first number.
fn about_first(row: &EstimateRow) -> String {
    if row.i_xt_is_infinite {
        return String::new();
    }
    match (row.i_xt_standard_error_bits, row.i_xt_lower_bits, row.i_xt_upper_bits) {
        (Some(error), ..) => format!("± {error:.4}"),
        (None, Some(lower), Some(upper)) if lower == upper => "exact".to_owned(),
        (None, lower, upper) => ends(lower, upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(layer: &str) -> EstimateRow {
        EstimateRow {
            layer: layer.to_owned(),
            estimator: "gaussian-mixture:bound=upper".to_owned(),
            i_xt_bits: Some(f64::INFINITY),
            i_ty_bits: Some(-0.000_001),
            i_xt_word: "measured of T in bins".to_owned(),
            i_ty_word: "not to be trusted".to_owned(),
            p_value: Some(0.05),
            null_mean_bits: Some(0.01),
            interval_lower_bits: Some(0.1),
            interval_upper_bits: Some(0.2),
            spread_lower_bits: Some(0.1),
            spread_upper_bits: Some(0.2),
            i_ty_standard_error_bits: Some(0.5),
            ..EstimateRow::default()
        }
    }

    #[test]
    fn a_table_is_as_narrow_as_names_allow_and_says_everything() {
        let text = table(&[row("layers/hidden_1.npy"), row("b.npy")], About::Layers);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let all = [
            "I(X;T) bits",
            "inf",
            "0.0000",
            "[0.1000, 0.2000]",
            "0.0500",
            "not to be trusted",
            "T in bins",
            "± 0.5000",
            "0.0100",
        ];
        assert!(all.iter().all(|said| text.contains(said)), "{text}");
        assert!(!text.contains("-0.0000"));
        let short = EstimateRow { layer: "a b".to_owned(), i_xt_bits: Some(0.5), ..EstimateRow::default() };
        let text = table(&[short], About::Conditional);
        assert_eq!(text, "layer  I(A;B|C) bits\na b           0.5000\n");
    }
}
