//! ib-curve against closed forms, independently computed values, and careless users.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::rows::read;
use infoplane_experiments::tasks::{Labelling, o3};
use serde::Deserialize;

fn ib_curve(joint: &str, words: &[&str]) -> Output {
    static IB_CURVE: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("ib-curve"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("joint.csv");
    std::fs::write(&file, joint).unwrap();
    let output = Command::new(&*IB_CURVE).arg("--joint").arg(&file).args(words).output().expect("ib-curve starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

#[derive(Deserialize)]
struct Optimum {
    beta: f64,
    i_xt_bits: f64,
    i_ty_bits: f64,
    gap_bits: f64,
    proof: String,
}

fn optima(joint: &str, words: &[&str]) -> Vec<Optimum> {
    let output = ib_curve(joint, words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.csv"), &output.stdout).unwrap();
    read(&folder.path().join("out.csv")).unwrap()
}

/// The paper's task as a joint distribution.
fn paper_task(i_xy_bits: f64) -> String {
    let task = o3(Labelling::Soft, i_xy_bits).unwrap();
    let rows = task.joint.p_y_given_x();
    rows.outer_iter().map(|row| format!("{:?},{:?}", row[0] / 4096.0, row[1] / 4096.0)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_paper_task_and_a_channel_have_their_values() {
    // From an independent solver; the channel's are its closed form.
    for (joint, beta, i_xt, i_ty) in [
        ("0.45,0.05\n0.05,0.45\n".to_owned(), 2.0, 0.6964327290, 0.4072338336),
        (paper_task(0.9), 2.0, 0.9437328142, 0.7778593731),
        (paper_task(0.9), 10.0, 1.3136426741, 0.8829850906),
        (paper_task(0.99), 1.1, 0.9818061159, 0.9709841954),
    ] {
        let found = &optima(&joint, &["--beta", &beta.to_string()])[0];
        assert!((found.i_xt_bits - i_xt).abs() < 1e-9 && (found.i_ty_bits - i_ty).abs() < 1e-9, "β = {beta}");
        assert!((0.0..=1e-10).contains(&found.gap_bits));
    }
}

/// Eight x's, three y's: a solver that loses its atoms falls from 1.387 bits of I(X;T) at β = 6 to 0.932 at β = 8.
const THREE_VALUES: &str = "0.0509,0.0262,0.0848\n0.0126,0.0158,0.0861\n0.0470,0.1281,0.0057\n0.0003,0.0612,0.0011\n\
                            0.0717,0.0015,0.0402\n0.0029,0.0008,0.0519\n0.1004,0.0633,0.0091\n0.0002,0.0847,0.0498\n";

#[test]
fn three_values_are_proven_monotone_and_read_alike_from_both_sides() {
    let found = optima(THREE_VALUES, &["--beta", "10", "--beta", "6", "--beta", "8", "--beta", "0"]);
    assert!(found.iter().map(|row| row.beta).eq([10.0, 6.0, 8.0, 0.0]));
    assert!(found.iter().all(|row| row.gap_bits <= 1e-6 && row.proof == "rigorous"));
    assert!(
        found[3].i_xt_bits == 0.0 && found[1].i_xt_bits < found[2].i_xt_bits && found[2].i_xt_bits < found[0].i_xt_bits
    );
    let middle = &found[2];
    let least: Vec<Least> = rows(THREE_VALUES, &["--at-i-ty", &middle.i_ty_bits.to_string()]);
    assert!(least[0].i_xt_upper_bits - least[0].i_xt_lower_bits < 1e-6);
    assert!((least[0].i_xt_upper_bits - middle.i_xt_bits).abs() < 1e-6);
}

#[derive(Deserialize)]
struct Least {
    i_xt_lower_bits: f64,
    i_xt_upper_bits: f64,
}

#[test]
fn a_gap_that_stays_open_is_named_and_fails() {
    // At this β the Lagrangian has fewer digits than the tolerance.
    let output = ib_curve(THREE_VALUES, &["--beta", "1e14"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("gap stayed open at β = 100000000000000"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() == 2, "the row is written all the same");
}

#[test]
fn transitions_say_how_far_they_came() {
    let in_time = ib_curve(THREE_VALUES, &["--transitions", "--beta-max", "6"]);
    assert!(in_time.status.success() && !in_time.stdout.is_empty());
    let output = ib_curve(THREE_VALUES, &["--transitions", "--time-limit", "1e-9"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("up to β = 1 only"), "{said}");
}

#[derive(Deserialize)]
struct Other {
    alpha: f64,
    i_ty_bits: f64,
    h_t_bits: f64,
    lagrangian_bits: f64,
    proof: String,
}

#[test]
fn the_other_bottlenecks_are_reached_by_name() {
    let channel = "45,5\n5,45\n";
    let exact: Vec<Other> = rows(channel, &["--beta", "4", "--method", "deterministic"]);
    // T = X: H(T) = 1 bit, I(T;Y) = 1 − h(0.1).
    assert!((exact[0].h_t_bits - 1.0).abs() < 1e-12 && (exact[0].i_ty_bits - 0.531004406410719).abs() < 1e-12);
    assert_eq!(exact[0].proof, "rigorous");
    let between: Vec<Other> = rows(THREE_VALUES, &["--beta", "6", "--method", "generalised:alpha=0.5"]);
    assert!(between[0].alpha == 0.5 && between[0].proof.starts_with("best of"));
    let deterministic: Vec<Other> = rows(THREE_VALUES, &["--beta", "6", "--method", "deterministic"]);
    assert!(between[0].lagrangian_bits <= deterministic[0].lagrangian_bits + 1e-9);
}

#[test]
fn the_curve_is_monotone_concave_and_certified() {
    let curve = optima(&paper_task(0.7), &["--points", "60"]);
    assert!(curve.windows(2).all(|pair| pair[0].beta < pair[1].beta && pair[0].i_xt_bits <= pair[1].i_xt_bits + 1e-9));
    for three in curve.windows(3) {
        let slope = |a: &Optimum, b: &Optimum| (b.i_ty_bits - a.i_ty_bits) / (b.i_xt_bits - a.i_xt_bits);
        if three[2].i_xt_bits - three[1].i_xt_bits > 1e-6 && three[1].i_xt_bits - three[0].i_xt_bits > 1e-6 {
            assert!(slope(&three[1], &three[2]) <= slope(&three[0], &three[1]) + 1e-6);
        }
    }
    assert!(curve.iter().all(|row| row.gap_bits <= 1e-10 && row.i_ty_bits <= row.i_xt_bits && row.i_ty_bits <= 0.7));
}

#[derive(Deserialize)]
struct Transition {
    beta_lower: f64,
    beta_upper: f64,
    atoms_before: usize,
    atoms_after: usize,
    proven: bool,
    local_stability_beta: f64,
}

#[derive(Deserialize)]
struct Annealing {
    beta: f64,
    lagrangian_bits: f64,
    forward_lagrangian_bits: f64,
    forward_i_xt_bits: f64,
    reverse_lagrangian_bits: f64,
}

fn rows<R: serde::de::DeserializeOwned>(joint: &str, words: &[&str]) -> Vec<R> {
    let output = ib_curve(joint, &[words, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_jump_is_certified_where_forward_annealing_is_stuck() {
    // One clear x among many vague ones.
    let jump: String = std::iter::once("0.001,0.999\n".to_owned())
        .chain((0..30).map(|i| format!("{},{}\n", 0.55 - 0.002 * f64::from(i), 0.45 + 0.002 * f64::from(i))))
        .collect();
    let transitions: Vec<Transition> = rows(&jump, &["--transitions"]);
    let onset = &transitions[0];
    assert!(onset.proven && onset.atoms_before == 1 && onset.atoms_after == 2);
    assert!(onset.beta_lower < onset.beta_upper && onset.beta_upper < onset.beta_lower * (1.0 + 1e-5));
    assert!(onset.beta_upper < 0.95 * onset.local_stability_beta);
    let annealing: Vec<Annealing> = rows(&jump, &["--annealing", "30"]);
    let between = |row: &&Annealing| row.beta > 1.02 * onset.beta_upper && row.beta < 0.98 * onset.local_stability_beta;
    let stuck: Vec<&Annealing> = annealing.iter().filter(between).collect();
    assert!(stuck.len() > 5);
    for row in stuck {
        assert!(row.forward_i_xt_bits < 1e-6 && row.forward_lagrangian_bits - row.lagrangian_bits > 1e-5);
        assert!(row.reverse_lagrangian_bits - row.lagrangian_bits < 1e-4);
    }
}

#[test]
fn a_figure_of_the_curve_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("curve.svg");
    let output = ib_curve("45,5\n5,45\n", &["--at-i-xt", "0.5", "--figure", file.to_str().unwrap()]);
    assert!(output.status.success());
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.contains("<svg") && svg.contains("I(X;T) / bits") && svg.contains("asked for"));
}

#[test]
fn what_is_no_joint_or_no_question_is_refused() {
    let channel = "45,5\n5,45\n";
    for (joint, words) in [
        ("", &["--beta", "2"][..]),
        ("1,2\n3\n", &["--beta", "2"]),
        ("1,-2\n3,1\n", &["--beta", "2"]),
        ("0,0\n0,0\n", &["--beta", "2"]),
        ("1,inf\n1,1\n", &["--beta", "2"]),
        ("1,x\n1,1\n", &["--beta", "2"]),
        (channel, &["--beta", "-1"]),
        (channel, &["--beta", "2", "--method", "magic"]),
        (channel, &["--beta", "2", "--method", "generalised:alpha=2"]),
        (channel, &["--method", "deterministic"]),
        (channel, &["--transitions", "--time-limit", "0"]),
        (channel, &["--beta", "nan"]),
        (channel, &["--at-i-xt", "1.5"]),
        (channel, &["--at-i-ty", "0.9"]),
        (channel, &["--points", "99999999999999"]),
        (channel, &["--annealing", "1"]),
        (channel, &["--annealing", "99999999999999"]),
        ("1,1\n1,1\n", &["--annealing", "10"]),
        (channel, &["--transitions", "--beta-max", "0.5"]),
        (channel, &["--transitions", "--beta-max", "1e300"]),
        (channel, &["--beta", "2", "--figure", "/nowhere/curve.svg"]),
    ] {
        let output = ib_curve(joint, words);
        assert!(!output.status.success() && !output.stderr.is_empty(), "{joint:?} {words:?}");
    }
}
