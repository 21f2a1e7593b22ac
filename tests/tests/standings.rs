//! What `estimate` says its numbers are worth, as a careless user meets it: rows that follow one another, one class, bins taken for
//! information, tables that do not fit.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::estimation::pointwise::PointwiseRow;
use infoplane_experiments::rows::read;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use serde_json::Value;

fn estimate(words: &[&str]) -> Output {
    static ESTIMATE: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("estimate"));
    let output = Command::new(&*ESTIMATE).args(words).output().expect("estimate starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

/// The rows of an answer, and what was said beside them.
fn answer(words: &[&str]) -> (Vec<Value>, String) {
    let output = estimate(&[words, &["--format", "json"]].concat());
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {notes}")), notes)
}

/// A folder of files.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn lines(&self, name: &str, lines: impl Iterator<Item = impl ToString>) -> String {
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        self.write(name, &(lines.join("\n") + "\n"))
    }

    fn columns(&self, name: &str, rows: &[Vec<f64>]) -> String {
        let mut text = String::new();
        for row in rows {
            let cells: Vec<String> = row.iter().map(f64::to_string).collect();
            writeln!(text, "{}", cells.join(",")).unwrap();
        }
        self.write(name, &text)
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Rows of two columns, each so much of the one before.
fn following(rows: usize, share: f64, seed: u64) -> Vec<Vec<f64>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut now = [0.0, 0.0];
    let step = |now: &mut f64, noise: f64| {
        *now = share * *now + (1.0 - share * share).max(0.01).sqrt() * noise;
        *now
    };
    (0..rows).map(|_| now.iter_mut().map(|now| step(now, normal(rng))).collect()).collect()
}

fn word(row: &Value, of: &str) -> String {
    row[format!("{of}_word")].as_str().unwrap().to_owned()
}

#[test]
fn rows_that_follow_one_another_are_doubted_and_files_in_order_are_not() {
    let files = Files::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    for share in [0.98, 1.0] {
        let (a, b) =
            (files.columns("a.csv", &following(2000, share, 1)), files.columns("b.csv", &following(2000, share, 2)));
        let (rows, notes) = answer(&["--pair", &a, &b, "--estimator", "ksg", "--shuffle", "19"]);
        assert!(word(&rows[0], "i_xt") == "not to be trusted" && notes.contains("follow one another"), "{notes}");
        let y = files.lines("y.csv", (0..2000).map(|row| row / 500));
        let (rows, notes) = answer(&["--t", &a, "--y", &y, "--estimator", "ksg", "--estimator", "probe"]);
        assert!(
            rows.iter().all(|row| word(row, "i_ty") == "not to be trusted") && notes.contains("--groups FILE"),
            "{notes}"
        );
        // What only one side does harms nothing.
        let alone: Vec<Vec<f64>> = (0..2000).map(|_| vec![normal(rng)]).collect();
        let (_, notes) = answer(&["--pair", &a, &files.columns("c.csv", &alone), "--estimator", "ksg"]);
        assert!(!notes.contains("follow one another"), "{notes}");
    }
    // Sorted by class, and by the first column.
    let mut t: Vec<Vec<f64>> =
        (0..1000).map(|row| vec![f64::from(row / 250) + 0.5 * normal(rng), normal(rng)]).collect();
    let y = files.lines("y.csv", (0..1000).map(|row| row / 250));
    let (rows, notes) = answer(&["--t", &files.columns("t.csv", &t), "--y", &y, "--estimator", "ksg"]);
    assert_eq!(word(&rows[0], "i_ty"), "measured", "{notes}");
    t.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let b: Vec<Vec<f64>> = t.iter().map(|row| vec![row[0] + 0.5 * normal(rng)]).collect();
    let (_, notes) =
        answer(&["--pair", &files.columns("t.csv", &t), &files.columns("b.csv", &b), "--estimator", "ksg"]);
    assert!(!notes.contains("follow one another"), "{notes}");
}

#[test]
fn words_say_what_a_number_is_of_and_on_which_side() {
    let files = Files::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(4);
    let labels: Vec<usize> = (0..800).map(|_| rng.random_range(0..2)).collect();
    let t: Vec<Vec<f64>> = labels.iter().map(|&y| vec![y as f64 + 0.5 * normal(rng)]).collect();
    // As bfloat16 has them, and saturated.
    let short = |v: f64| f64::from(f32::from_bits(((3.0 * v).tanh() as f32).to_bits() & 0xffff_0000));
    let coarse: Vec<Vec<f64>> = t.iter().map(|row| vec![short(row[0])]).collect();
    let y = files.lines("y.csv", labels.iter());
    let (t, coarse) = (files.columns("t.csv", &t), files.columns("coarse.csv", &coarse));
    let of = |t: &str, estimator: &str| {
        let (rows, notes) = answer(&["--t", t, "--y", &y, "--estimator", estimator]);
        (word(&rows[0], "i_xt"), word(&rows[0], "i_ty"), notes)
    };
    let (i_xt, i_ty, notes) = of(&t, "binning:bins=10,range=own");
    assert!(i_xt == "measured of T in bins" && i_ty == i_xt, "{notes}");
    for (bound, side) in [("upper", "upper bound"), ("lower", "lower bound")] {
        let (i_xt, i_ty, notes) = of(&t, &format!("kde:variance=0.1,bound={bound}"));
        assert!(i_xt == side && i_ty == "not to be trusted" && notes.contains("difference of two bounds"), "{notes}");
    }
    for correction in ["chao-shen", "grassberger", "miller-madow", "nsb"] {
        let (_, i_ty, notes) = of(&coarse, &format!("plugin:correction={correction}"));
        assert_eq!(i_ty, "not to be trusted", "{correction}: {notes}");
    }
    assert_eq!(of(&t, "probe").1, "lower bound");
}

#[test]
fn where_there_is_nothing_to_measure_it_is_said() {
    let files = Files::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let t: Vec<Vec<f64>> = (0..200).map(|_| vec![normal(rng)]).collect();
    let (t, one) = (files.columns("t.csv", &t), files.columns("one.csv", &[vec![0.5, 0.1]]));
    let same: String = "cat\n".repeat(200);
    for (t, y) in [(&t, files.write("same.csv", &same)), (&one, files.write("single.csv", "cat\n"))] {
        for estimator in ["auto", "ksg", "plugin", "binning:width=0.1"] {
            let output = estimate(&["--t", t, "--y", &y, "--estimator", estimator]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("nothing to measure") || said.contains("refused"), "{estimator}: {said}");
            for wrong in ["-0.0000", "1 rows", "1 classes", "1 labels", "step inf"] {
                assert!(!said.contains(wrong), "{wrong}: {said}");
            }
        }
    }
    let same = files.columns("flat.csv", &vec![vec![1.0]; 200]);
    let (rows, notes) = answer(&["--pair", &t, &same, "--estimator", "ksg"]);
    assert!(notes.contains("nothing to measure") && word(&rows[0], "i_xt") == "not to be trusted", "{notes}");
}

#[test]
fn single_rows_come_by_what_auto_takes_or_by_ksg_with_a_note() {
    let files = Files::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    let mut sides = |columns: usize| -> [String; 2] {
        let a: Vec<Vec<f64>> = (0..600).map(|_| (0..columns).map(|_| normal(rng)).collect()).collect();
        let b: Vec<Vec<f64>> = a.iter().map(|row| row.iter().map(|a| a + normal(rng)).collect()).collect();
        [files.columns("a.csv", &a), files.columns("b.csv", &b)]
    };
    let file = files.write("pointwise.csv", "");
    for (columns, falls_back) in [(1, false), (5, true)] {
        let [a, b] = sides(columns);
        let (rows, notes) = answer(&["--pair", &a, &b, "--estimator", "auto", "--pointwise", &file]);
        let said: Vec<PointwiseRow> = read(std::path::Path::new(&file)).unwrap();
        let mean = said.iter().filter_map(|row| row.bits).sum::<f64>() / 600.0;
        assert_eq!(said.len(), 600);
        assert_eq!(notes.contains("says nothing of single rows; they are by ksg:k=3"), falls_back, "{notes}");
        assert_eq!((mean - rows[0]["i_xt_bits"].as_f64().unwrap()).abs() < 1e-9, !falls_back, "{notes}");
    }
}

#[test]
fn a_third_sample_may_be_words_and_tables_are_as_narrow_as_names_allow() {
    let files = Files::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let c: Vec<usize> = (0..500).map(|_| rng.random_range(0..3)).collect();
    let a: Vec<Vec<f64>> = c.iter().map(|&c| vec![3.0 * c as f64 + normal(rng)]).collect();
    let b: Vec<Vec<f64>> = c.iter().map(|&c| vec![3.0 * c as f64 + normal(rng)]).collect();
    let words = files.lines("c.csv", c.iter().map(|&c| ["cat", "dog", "ant"][c]));
    let (a, b) = (files.columns("a.csv", &a), files.columns("b.csv", &b));
    let output = estimate(&["--pair", &a, &b, "--given", &words, "--estimator", "ksg"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("I(A;B|C) bits"), "{text}");
    let (rows, notes) = answer(&["--pair", &a, &b, "--given", &words, "--estimator", "ksg"]);
    // Nothing is left once the class is known.
    assert!(rows[0]["i_xt_bits"].as_f64().unwrap().abs() < 0.15 && notes.contains("read as 3 classes"), "{notes}");

    let t = files.columns("t.csv", &c.iter().map(|&c| vec![c as f64 + normal(rng), normal(rng)]).collect::<Vec<_>>());
    let folder = files.0.path();
    let table = Command::new(infoplane_tests::program("estimate"))
        .current_dir(folder)
        .args(["--t", std::path::Path::new(&t).file_name().unwrap().to_str().unwrap(), "--y", "c.csv"])
        .args([
            "--estimator",
            "ksg",
            "--estimator",
            "binning:bins=30,range=own",
            "--estimator",
            "gaussian-mixture:bound=upper",
        ])
        .args(["--estimator", "noisy:sigma=0.1", "--shuffle", "9", "--bootstrap", "9"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(text.lines().count() > 4 && text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert!(text.contains("p-value") && text.contains("95 % of samples"), "{text}");
}
