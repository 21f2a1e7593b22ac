//! Probabilities of scores: q(y|t) = (1 − ε) softmax(z/τ)_y + ε p(y), the temperature τ (Guo et al. 2017, arXiv 1706.04599), the share ε
//! of the classes' training frequencies and the variant of the probe chosen by the least cross-entropy on rows that did not train.
//! With ε = 1 the probe says nothing that is not known without the layer.

use super::{Labelled, Split};

const TEMPERATURES: [f64; 13] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0];
const SHARES: [f64; 6] = [1e-3, 1e-2, 0.05, 0.2, 0.5, 1.0];

/// Scores of one variant: a row for each row that chooses, then for each that judges, [rows × classes].
#[derive(Debug)]
pub struct Variant {
    /// Of the rows that choose.
    pub choose: Vec<f32>,
    /// Of the rows that judge.
    pub judge: Vec<f32>,
}

/// ln q of their classes of the rows that judge.
pub(super) fn judged(data: Labelled, split: &Split, variants: &[Variant]) -> Vec<f64> {
    let prior = frequencies(data, split);
    let mut best = (f64::INFINITY, 0, 1.0, 1.0);
    for (number, variant) in variants.iter().enumerate() {
        for temperature in TEMPERATURES {
            let p = of_own_class(&variant.choose, data, &split.choose, temperature);
            for share in SHARES {
                let mean = mixed(&p, data, &split.choose, &prior, share).sum::<f64>() / p.len() as f64;
                // What is no better is not worth being more certain for.
                if -mean < best.0 - 1e-12 {
                    best = (-mean, number, temperature, share);
                }
            }
        }
    }
    let (_, number, temperature, share) = best;
    let p = of_own_class(&variants[number].judge, data, &split.judge, temperature);
    mixed(&p, data, &split.judge, &prior, share).collect()
}

/// Shares of the classes among training rows, each with one row more, so that none is 0.
pub(super) fn frequencies(data: Labelled, split: &Split) -> Vec<f64> {
    let mut counts = vec![1.0; data.n_classes];
    split.train.iter().chain(&split.choose).for_each(|&row| counts[data.classes[row as usize] as usize] += 1.0);
    let sum: f64 = counts.iter().sum();
    counts.into_iter().map(|count| count / sum).collect()
}

/// softmax(z/τ) of each row's own class.
fn of_own_class(scores: &[f32], data: Labelled, rows: &[u32], temperature: f64) -> Vec<f64> {
    let of_row = |(scores, &row): (&[f32], &u32)| {
        let most = scores.iter().fold(f32::NEG_INFINITY, |most, &z| most.max(z));
        let e = |z: f32| (f64::from(z - most) / temperature).exp();
        e(scores[data.classes[row as usize] as usize]) / scores.iter().map(|&z| e(z)).sum::<f64>()
    };
    scores.chunks_exact(data.n_classes).zip(rows).map(of_row).collect()
}

fn mixed<'a>(
    p: &'a [f64],
    data: Labelled<'a>,
    rows: &'a [u32],
    prior: &'a [f64],
    share: f64,
) -> impl Iterator<Item = f64> + 'a {
    let own = move |row: u32| prior[data.classes[row as usize] as usize];
    p.iter().zip(rows).map(move |(p, &row)| ((1.0 - share) * p + share * own(row)).ln())
}
