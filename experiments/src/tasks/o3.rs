//! The paper's task: binary patterns on the sphere with a rotation-invariant rule (arXiv 1703.00810, §3.1).
//!
//! The 12 inputs are the vertices of an icosahedron, the cyclic permutations of (0, ±1, ±φ); a pattern x ∈ {0,1}¹² is a
//! subset of them, and all 4096 are equally likely. The rule sees x only through its rotation-invariant power spectrum,
//! which is equivalent to counts: n vertices, and n₁, n₂, n₃ pairs of them with cosine 1/√5, −1/√5 and −1. They take 64
//! distinct values, the paper's 64 classes.
//!
//! f(x) = 23n + n₁ − 5n₂ − 8n₃ and p(y=1|x) = 1/(1 + exp(−γ(f(x) − 98.5))), with γ solved for a target I(X;Y). The paper
//! gives neither its f nor its γ: this f is the smallest integer rule that reproduces the authors' data file (var_u.mat),
//! whose labels are [f > 98.5]. Patterns and columns are in that file's order.

use anyhow::{Result, ensure};
use infoplane_info::JointDistribution;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::Task;

/// The golden ratio.
const PHI: f64 = 1.618_033_988_749_895;
/// The rule's threshold on f.
const THRESHOLD: f64 = 98.5;
/// Column j of the authors' file is this vertex of the canonical order.
const FILE_ORDER: [usize; 12] = [0, 2, 5, 8, 7, 6, 11, 1, 10, 3, 4, 9];

/// How labels follow from patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labelling {
    /// p(y|x) strictly between 0 and 1.
    Soft,
    /// y = [f(x) > 98.5].
    Hard,
}

/// One of the 4096 patterns, and the invariants the rule sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Vertices in the pattern.
    pub n: i32,
    /// Pairs with cosine 1/√5 (edges).
    pub n1: i32,
    /// Pairs with cosine −1/√5.
    pub n2: i32,
    /// Antipodal pairs.
    pub n3: i32,
}

impl Pattern {
    /// f(x) = 23n + n₁ − 5n₂ − 8n₃.
    pub fn f(self) -> f64 {
        f64::from(23 * self.n + self.n1 - 5 * self.n2 - 8 * self.n3)
    }
}

/// Generates the task.
///
/// # Errors
/// If no γ gives the I(X;Y) asked for: it must lie strictly between 0 and H(Y) = 0.999157 bits.
pub fn o3(labels: Labelling, i_xy_bits: f64) -> Result<Task> {
    let bits = |x: usize, column: usize| (x >> (11 - column)) & 1;
    let inputs = Array2::from_shape_fn((4096, 12), |(x, column)| bits(x, column) as f32);
    let f: Vec<f64> = patterns().iter().map(|pattern| pattern.f()).collect();
    let joint = match labels {
        Labelling::Hard => logistic(&f, f64::INFINITY)?,
        Labelling::Soft => logistic(&f, solve_gamma(&f, i_xy_bits)?)?,
    };
    let name = match labels {
        Labelling::Hard => "o3-hard".to_owned(),
        Labelling::Soft => format!("o3-{i_xy_bits}"),
    };
    Ok(Task { name, inputs, joint, notes: Vec::new() })
}

/// The invariants of the 4096 patterns, in the authors' order.
pub fn patterns() -> Vec<Pattern> {
    let vertices = vertices();
    (0..4096)
        .map(|x: usize| {
            let members: Vec<[f64; 3]> =
                (0..12).filter(|column| (x >> (11 - column)) & 1 == 1).map(|column| vertices[column]).collect();
            let mut pattern = Pattern { n: members.len() as i32, n1: 0, n2: 0, n3: 0 };
            for (i, a) in members.iter().enumerate() {
                for b in &members[..i] {
                    // The dot products of unnormalised vertices are φ, −φ and −(2 + φ).
                    match a[0] * b[0] + a[1] * b[1] + a[2] * b[2] {
                        dot if dot > 0.0 => pattern.n1 += 1,
                        dot if dot > -2.0 => pattern.n2 += 1,
                        _ => pattern.n3 += 1,
                    }
                }
            }
            pattern
        })
        .collect()
}

/// The icosahedron's vertices in the authors' column order.
fn vertices() -> [[f64; 3]; 12] {
    let corners: Vec<(f64, f64)> = [-1.0, 1.0].into_iter().flat_map(|a| [-PHI, PHI].map(|b| (a, b))).collect();
    let place: [fn(f64, f64) -> [f64; 3]; 3] = [|a, b| [0.0, a, b], |a, b| [a, b, 0.0], |a, b| [b, 0.0, a]];
    let canonical: Vec<[f64; 3]> =
        place.into_iter().flat_map(|place| corners.iter().map(move |&(a, b)| place(a, b))).collect();
    FILE_ORDER.map(|vertex| canonical[vertex])
}

fn logistic(f: &[f64], gamma: f64) -> Result<JointDistribution> {
    let p: Vec<f64> = f.iter().map(|f| 1.0 / (1.0 + (-gamma * (f - THRESHOLD)).exp())).collect();
    Ok(JointDistribution::uniform_binary(&p)?)
}

/// γ > 0 with I(X;Y) as asked, by bisection: I(X;Y) grows with γ.
fn solve_gamma(f: &[f64], i_xy_bits: f64) -> Result<f64> {
    let most = logistic(f, f64::INFINITY)?.mutual_information();
    ensure!(
        0.0 < i_xy_bits && i_xy_bits < most,
        "task.i_xy_bits = {i_xy_bits} cannot be had: the soft rule reaches values strictly between 0 and H(Y) = {most:.6} bits \
         (the paper's is 0.99; for labels without noise set task.labels = \"hard\")"
    );
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while logistic(f, high)?.mutual_information() < i_xy_bits {
        high *= 2.0;
    }
    // 200 halvings end at neighbouring floating-point numbers.
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if logistic(f, middle)?.mutual_information() < i_xy_bits {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use std::collections::HashSet;

    #[test]
    fn hard_labels_have_the_facts_of_the_authors_file() {
        let task = o3(Labelling::Hard, 0.99).unwrap();
        let ones = task.joint.p_y_given_x().column(1).sum();
        assert_eq!(ones, 2118.0);
        assert_abs_diff_eq!(task.joint.h_y(), 0.999157, epsilon = 5e-7);
        assert_eq!(patterns().into_iter().collect::<HashSet<_>>().len(), 64);
        assert_eq!(task.inputs.row(1).to_vec(), [0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 1.]);
        // In lexicographic order the first 80 % have a label mean of 0.437 and the rest 0.836.
        let y = task.joint.p_y_given_x().column(1).to_vec();
        assert_abs_diff_eq!(y[..3276].iter().sum::<f64>() / 3276.0, 0.437, epsilon = 5e-4);
        assert_abs_diff_eq!(y[3276..].iter().sum::<f64>() / 820.0, 0.836, epsilon = 1e-3);
    }

    #[test]
    fn the_file_order_puts_antipodes_in_the_stated_columns() {
        let vertices = vertices();
        for (a, b) in [(0, 9), (1, 7), (2, 5), (3, 6), (4, 10), (8, 11)] {
            for axis in 0..3 {
                assert_eq!(vertices[a][axis], -vertices[b][axis]);
            }
        }
    }

    #[test]
    fn counting_vertices_alone_tells_628_millibits() {
        let task = o3(Labelling::Hard, 0.99).unwrap();
        let labels: Vec<u64> = patterns().iter().map(|pattern| pattern.n as u64).collect();
        let info = infoplane_info::Partition::from_labels(&labels).information(&task.joint);
        assert_abs_diff_eq!(info.i_ty.bits, 0.628, epsilon = 5e-4);
    }

    #[test]
    fn gamma_is_solved_for_the_targets_of_the_paper_and_softer_ones() {
        let f: Vec<f64> = patterns().iter().map(|pattern| pattern.f()).collect();
        for (i_xy, gamma, p_y1) in
            [(0.99, 8.254173685, 0.5168), (0.90, 1.210924928, 0.5094), (0.70, 0.356205300, 0.5019)]
        {
            assert_abs_diff_eq!(solve_gamma(&f, i_xy).unwrap(), gamma, epsilon = 1e-8);
            let task = o3(Labelling::Soft, i_xy).unwrap();
            assert_abs_diff_eq!(task.joint.mutual_information(), i_xy, epsilon = 1e-12);
            assert_abs_diff_eq!(task.joint.p_y()[1], p_y1, epsilon = 5e-5);
        }
    }

    #[test]
    fn information_that_cannot_be_had_is_refused() {
        for i_xy in [0.0, -1.0, 0.9995, f64::NAN] {
            let error = o3(Labelling::Soft, i_xy).unwrap_err().to_string();
            assert!(error.contains("task.i_xy_bits"), "{error}");
        }
    }
}
