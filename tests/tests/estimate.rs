//! estimate against golden values made by tests/oracle/estimators.py (numpy, scipy, mpmath), and as a careless user runs it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::calibration::Kind;
use infoplane_experiments::calibration::advice::{Calibration, Shape};
use infoplane_experiments::estimation::pointwise::PointwiseRow;
use infoplane_experiments::rows::read;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Deserialize;

fn estimate(words: &[&str]) -> Output {
    static ESTIMATE: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("estimate"));
    let output = Command::new(&*ESTIMATE).args(words).output().expect("estimate starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

fn data(name: &str) -> String {
    format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A row of tests/data/estimators.csv.
#[derive(Deserialize)]
struct Golden {
    kind: String,
    estimator: String,
    i_xt_bits: Option<f64>,
    i_ty_bits: f64,
}

/// What the tool prints of a row.
#[derive(Deserialize)]
struct Printed {
    rows: usize,
    i_ty_word: String,
    i_ty_standing: String,
    i_xt_bits: Option<f64>,
    i_ty_bits: Option<f64>,
    p_value: Option<f64>,
    spread_lower_bits: Option<f64>,
    spread_upper_bits: Option<f64>,
}

fn printed(output: &Output) -> Vec<Printed> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.csv"), &output.stdout).unwrap();
    read(&folder.path().join("out.csv")).unwrap()
}

#[test]
fn every_estimator_has_its_golden_values_to_a_billionth_of_a_bit() {
    let (t, y, x, symbols) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"), data("symbols.npy"));
    let golden: Vec<Golden> = read(Path::new(&data("estimators.csv"))).unwrap();
    assert_eq!(golden.len(), 31);
    for want in &golden {
        let words = match want.kind.as_str() {
            "pair" => vec!["--pair", &x, &t],
            "symbols" => vec!["--t", &symbols, "--y", &y],
            _ => vec!["--t", &t, "--y", &y, "--x", &x],
        };
        let output = estimate(&[&words[..], &["--estimator", &want.estimator, "--format", "csv"]].concat());
        let got = printed(&output).remove(0);
        let close = |got: Option<f64>, want: f64| {
            let got = got.unwrap();
            got == want || (got - want).abs() < 1e-9
        };
        if want.kind == "pair" {
            assert!(close(got.i_xt_bits, want.i_ty_bits), "{}", want.estimator);
        } else {
            assert!(close(got.i_xt_bits, want.i_xt_bits.unwrap()), "{}", want.estimator);
            assert!(close(got.i_ty_bits, want.i_ty_bits), "{}", want.estimator);
        }
    }
}

#[test]
fn formats_p_values_and_several_layers() {
    let (t, y) = (data("layer.npy"), data("labels.npy"));
    let words = ["--t", &t, "--t", &t, "--y", &y, "--estimator", "binning:bins=3,range=own", "--shuffle", "19"];
    let rows = printed(&estimate(&[&words[..], &["--format", "csv"]].concat()));
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.p_value == Some(0.05)));
    let table = estimate(&words);
    assert!(String::from_utf8_lossy(&table.stdout).contains("I(X;T) bits"));
    let json = estimate(&["--t", &t, "--y", &y, "--estimator", "ksg:k=3", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json[0]["i_xt_bits"].is_null() && json[0]["i_xt_is_infinite"] == true && json[0]["i_ty_bits"].is_f64());
    let noisy = estimate(&["--t", &t, "--y", &y, "--estimator", "noisy:sigma=0.1", "--format", "json"]);
    assert!(String::from_utf8_lossy(&noisy.stdout).contains("i_xt_standard_error_bits"));
}

#[test]
fn single_rows_add_up_to_the_estimate() {
    let (t, y, x) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pointwise.csv");
    let names = ["ksg:k=3", "mixed-ksg:k=3", "plugin", "binning:width=0.2"];
    for (of, about) in [(vec!["--t", &t, "--y", &y], 4), (vec!["--pair", &x, &t], 3)] {
        let mut words = [of, vec!["--pointwise", file.to_str().unwrap(), "--format", "csv"]].concat();
        names[..about].iter().for_each(|name| words.extend(["--estimator", name]));
        let rows = printed(&estimate(&words));
        let said: Vec<PointwiseRow> = read(&file).unwrap();
        assert_eq!(said.len(), about * 300);
        for (row, said) in rows.iter().zip(said.chunks(300)) {
            let name = &said[0].estimator;
            let bits: Vec<f64> = said.iter().filter_map(|said| said.bits).collect();
            let mean = bits.iter().sum::<f64>() / bits.len() as f64;
            let whole = if about == 4 { row.i_ty_bits } else { row.i_xt_bits };
            assert!((mean - whole.unwrap()).abs() < 1e-9, "{name}: {mean} and {whole:?}");
        }
    }
    let none = estimate(&["--t", &t, "--y", &y, "--estimator", "gaussian", "--pointwise", file.to_str().unwrap()]);
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("nothing of single rows"));
}

/// 300 originals of three columns that say something of four classes, each so often, moved a little; with classes and originals.
fn jittered(copies: usize, jitter: f64) -> [String; 3] {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let originals: Vec<(usize, [f64; 3])> =
        (0..300).map(|at| (at % 4, [normal(), normal(), 0.7 * (at % 4) as f64 + normal()])).collect();
    let mut files = [String::new(), String::new(), String::new()];
    for row in 0..300 * copies {
        let (class, t) = originals[row % 300];
        let t = t.map(|value| value + jitter * normal());
        writeln!(files[0], "{},{},{}", t[0], t[1], t[2]).unwrap();
        writeln!(files[1], "{class}").unwrap();
        writeln!(files[2], "{}", row % 300).unwrap();
    }
    files
}

#[test]
fn jittered_copies_are_doubted_until_it_is_said_which_belong_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [t, y, groups] = jittered(4, 1e-3);
    let [once, labels, _] = jittered(1, 1e-3);
    let (t, y, groups) = (write("t.csv", &t), write("y.csv", &y), write("groups.csv", &groups));
    let (once, labels) = (write("once.csv", &once), write("labels.csv", &labels));
    let words = |t: &str, y: &str, more: &[&str]| {
        let words =
            ["--t", t, "--y", y, "--estimator", "ksg", "--estimator", "probe", "--shuffle", "19", "--format", "csv"];
        let output = estimate(&[&words[..], more].concat());
        (printed(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (rows, notes) = words(&t, &y, &[]);
    assert!(rows.iter().all(|row| row.i_ty_word == "not to be trusted"), "{notes}");
    assert!(notes.contains("about 4 of each") && notes.contains("--groups FILE"), "{notes}");
    let (kept, notes) = words(&t, &y, &["--groups", &groups]);
    assert_eq!(notes.matches("1200 rows, first of each of 300 groups kept").count(), 2, "{notes}");
    let (alone, _) = words(&once, &labels, &[]);
    for (kept, alone) in kept.iter().zip(&alone) {
        assert_eq!((kept.rows, kept.i_ty_bits, kept.p_value), (300, alone.i_ty_bits, alone.p_value));
    }
}

#[test]
fn names_of_classes_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [t, y, _] = jittered(1, 0.0);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("t.csv"), t).unwrap();
    let mut found = Vec::new();
    for (at, names) in [["0", "1", "2", "3"], ["7", "-1", "5", "0"], ["cat", "dog", "ant", "bee"]].iter().enumerate() {
        let y: Vec<&str> = y.lines().map(|class| names[class.parse::<usize>().unwrap()]).collect();
        let file = path(&format!("y{at}.csv"));
        std::fs::write(&file, y.join("\n")).unwrap();
        let words =
            ["--t", &path("t.csv"), "--y", &file, "--estimator", "probe", "--estimator", "ksg", "--format", "csv"];
        found.push(printed(&estimate(&words)).iter().map(|row| row.i_ty_bits.unwrap()).collect::<Vec<f64>>());
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
}

#[test]
fn classes_that_are_not_gaussian_are_no_bound_and_what_is_asked_twice_is_printed_once() {
    let folder = tempfile::tempdir().unwrap();
    let [t, y, _] = jittered(2, 1.0);
    let squashed: String = t
        .lines()
        .map(|line| {
            let cells: Vec<String> =
                line.split(',').map(|v| (3.0 * v.parse::<f64>().unwrap()).tanh().to_string()).collect();
            cells.join(",") + "\n"
        })
        .collect();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, text) in [("t.csv", &t), ("squashed.csv", &squashed), ("y.csv", &y)] {
        std::fs::write(path(name), text).unwrap();
    }
    let of = |file: &str| {
        let (t, y, mixture) = (path(file), path("y.csv"), "gaussian-mixture:bound=lower");
        let words = ["--t", &t, "--y", &y, "--estimator", mixture, "--estimator", mixture, "--format", "csv"];
        printed(&estimate(&words))
    };
    let (gaussian, other) = (of("t.csv"), of("squashed.csv"));
    assert_eq!((gaussian.len(), other.len()), (1, 1));
    assert_eq!(gaussian[0].i_ty_word, "lower bound", "{}", gaussian[0].i_ty_standing);
    assert_eq!(other[0].i_ty_word, "not to be trusted", "{}", other[0].i_ty_standing);
    assert!(other[0].i_ty_standing.contains("Mardia"));
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let (t, y, x) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"));
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short.csv");
    std::fs::write(&short, "0\n1\n0\n").unwrap();
    let short = short.to_str().unwrap();
    for (words, mentions) in [
        (vec!["--t", &t, "--y", short, "--estimator", "plugin"], "300 rows"),
        (vec!["--t", &t, "--y", &t, "--estimator", "plugin"], "labels"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:width=0"], "width"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binnig"], "did you mean `binning`?; the choices are auto, binning"),
        (vec!["--t", &t, "--y", &y, "--given", "none.npy", "--estimator", "ksg"], "--pair A B --given C"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:bins=3,range=0..0.5"], "outside the range"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:width=1,on=net-input"], "net input"),
        (vec!["--t", &t, "--y", &y, "--estimator", "ksg:k=300"], "300"),
        (vec!["--t", "none.npy", "--y", &y, "--estimator", "plugin"], "none.npy"),
        (vec!["--t", &t, "--estimator", "plugin"], "--y"),
        (vec!["--y", &y, "--estimator", "plugin"], "--t"),
        (vec!["--pair", &x, short, "--estimator", "ksg:k=3"], "has 300 rows"),
        (vec!["--pair", &x, &t, "--estimator", "idnns:edges=30"], "between two samples"),
    ] {
        let output = estimate(&words);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(mentions), "{words:?}: {text}");
    }
}

/// A version 1 .npy file that claims what it likes.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    [&b"\x93NUMPY\x01\x00\x76\x00"[..], header.as_bytes(), data].concat()
}

/// A .safetensors file that claims what it likes.
fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn bad_files_are_refused_with_their_place_and_without_believing_their_claims() {
    let y = data("labels.npy");
    let folder = tempfile::tempdir().unwrap();
    let numbers = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let nan = numbers(&[0.0, 1.0, 2.0, f64::NAN]);
    let claim = "(1000000000, 3)";
    let zipped = |member: &[u8]| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("a.npy", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, member).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let mat = std::fs::read(data("var_u.mat")).unwrap();
    let mut damaged = mat.clone();
    damaged[128..136].fill(0xff);
    let tensor = r#"{"t":{"dtype":"F64","shape":[1000000000,3],"data_offsets":[0,24000000000]}}"#;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nan.npy", npy("'<f8'", "(2, 2)", &nan), "nan.npy: row 1, column 1 is NaN"),
        ("nan.npz", zipped(&npy("'<f8'", "(2, 2)", &nan)), "nan.npz: row 1, column 1 is NaN"),
        ("nan.csv", b"1,2\n3,nan\n".to_vec(), "nan.csv: row 1, column 1 is NaN"),
        ("rows.csv", b"1\n2\n3\n".to_vec(), "rows.csv has 3 rows, but"),
        ("empty.npy", npy("'<f8'", "(0, 3)", &[]), "0 rows, but"),
        ("nothing.npy", Vec::new(), "nothing.npy is empty"),
        ("nothing.csv", Vec::new(), "nothing.csv is empty"),
        ("header.csv", b"a,b\n".to_vec(), "no numbers"),
        ("header.npy", npy("'<f8'", "(2, -2)", &nan), "the shape (2, -2) is damaged"),
        ("short.npy", npy("'<f8'", "(9, 2)", &nan), "144 bytes, but holds 32"),
        ("object.npy", npy("'|O'", "(2,)", b"\x80\x04]"), "pickled Python objects"),
        ("object.npz", zipped(&npy("'|O'", "(2,)", b"\x80\x04]")), "pickled Python objects"),
        ("complex.npy", npy("'<c16'", "(1,)", &nan), "complex numbers (<c16)"),
        ("record.npy", npy("[('a', '<f8')]", "(2,)", &nan), "records"),
        ("claim.npy", npy("'<f8'", claim, &nan), "24000000000 bytes, but holds 32"),
        ("claim.npz", zipped(&npy("'<f8'", claim, &nan)), "24000000000 bytes, but holds 32"),
        ("claim.safetensors", safetensors(tensor, &nan), "claim.safetensors"),
        ("header.safetensors", (1_u64 << 62).to_le_bytes().to_vec(), "header.safetensors"),
        ("damaged.mat", damaged, "damaged.mat"),
        ("short.mat", mat[..200].to_vec(), "short.mat"),
    ];
    let two = folder.path().join("two.csv");
    std::fs::write(&two, "0\n1\n").unwrap();
    let two = two.to_string_lossy().into_owned();
    for (name, bytes, mentions) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let y = if name.starts_with("nan") { &two } else { &y };
        let output = estimate(&["--t", path.to_str().unwrap(), "--y", y, "--estimator", "plugin"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && text.contains(mentions), "{name}: {text}");
    }
}

#[test]
fn calibration_has_its_say() {
    let (t, x) = (data("layer.npy"), data("inputs.npy"));
    let output = estimate(&["--pair", &x, &t, "--estimator", "ksg:k=3"]);
    assert!(output.status.success());
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    // Three hundred rows are fewer than were ever tried.
    assert!(
        notes.contains("not to be trusted, because nothing like these data was tried") && notes.contains("data: "),
        "{notes}"
    );
    let chosen = |output: &Output, kind, columns, classes| {
        let choice = Calibration::committed().choice(Shape { kind, columns, classes, rows: 300 }).to_string();
        let quoted = if choice.contains(',') { format!("\"{choice}\"") } else { choice };
        String::from_utf8_lossy(&output.stdout).contains(&format!(",{quoted},"))
    };
    let output = estimate(&["--pair", &x, &t, "--estimator", "auto", "--format", "csv"]);
    assert!(chosen(&output, Kind::Continuous, 7, 0));
    let (symbols, y) = (data("symbols.npy"), data("labels.npy"));
    let output = estimate(&["--t", &symbols, "--y", &y, "--estimator", "auto", "--format", "csv"]);
    assert!(chosen(&output, Kind::LabelsOfLattice, 1, 2));
    let output = estimate(&["--t", &t, "--y", &y, "--estimator", "auto", "--format", "csv"]);
    assert!(chosen(&output, Kind::Labels, 3, 2));
}

#[test]
fn a_spread_is_about_the_estimate_and_the_same_every_time() {
    let (t, y, x) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"));
    for words in [vec!["--t", &t, "--y", &y], vec!["--pair", &x, &t]] {
        let words = [&words[..], &["--estimator", "ksg:k=3", "--bootstrap", "30", "--format", "csv"]].concat();
        let (once, again) = (estimate(&words), estimate(&words));
        assert_eq!(once.stdout, again.stdout);
        let row = printed(&once).remove(0);
        let bits = row.i_ty_bits.or(row.i_xt_bits).unwrap();
        let (lower, upper) = (row.spread_lower_bits.unwrap(), row.spread_upper_bits.unwrap());
        assert!(lower < bits && bits < upper && upper - lower < 1.0, "{lower} {bits} {upper}");
    }
}
