//! Shares of the classes among the k nearest training rows, in Euclidean distance: z_y = ln (n_y + a p(y))/(k + a) with a = 1, for
//! several k. Distances are one matrix product, ‖x‖² − 2 x·r + ‖r‖². At most [`MOST_REFERENCES`] training rows are looked at.

use ndarray::{Array2, ArrayView2, Axis};

use super::calibration::{Variant, frequencies};
use super::{Labelled, Split};

/// Neighbours of the variants.
const NEIGHBOURS: [usize; 7] = [1, 3, 5, 10, 20, 50, 100];
/// Training rows beyond which the first of them, which come in no order, are enough.
pub const MOST_REFERENCES: usize = 4000;
/// Rows whose distances are taken at a time.
const CHUNK: usize = 256;

/// A variant for each number of neighbours.
pub(super) fn variants(data: Labelled, split: &Split) -> Vec<Variant> {
    let step = split.train.len().div_ceil(MOST_REFERENCES).max(1);
    let references: Vec<u32> = split.train.iter().copied().step_by(step).collect();
    let r = gather(data, &references);
    let squares: Vec<f32> = r.outer_iter().map(|row| row.dot(&row)).collect();
    let prior = frequencies(data, split);
    let ks: Vec<usize> = NEIGHBOURS.into_iter().filter(|&k| k <= references.len()).collect();
    let mut variants: Vec<Variant> = ks.iter().map(|_| Variant { choose: Vec::new(), judge: Vec::new() }).collect();
    for (rows, is_choosing) in [(&split.choose, true), (&split.judge, false)] {
        for rows in rows.chunks(CHUNK) {
            let products = gather(data, rows).dot(&r.t());
            for products in products.outer_iter() {
                let mut near: Vec<(f32, u32)> = (0..references.len())
                    .map(|j| (squares[j] - 2.0 * products[j], data.classes[references[j] as usize]))
                    .collect();
                let most = ks.last().map_or(0, |&k| k.min(near.len()));
                if most < near.len() {
                    near.select_nth_unstable_by(most, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                    near.truncate(most);
                }
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                for (&k, variant) in ks.iter().zip(&mut variants) {
                    let mut shares = prior.clone();
                    near[..k].iter().for_each(|&(_, class)| shares[class as usize] += 1.0);
                    let part = if is_choosing { &mut variant.choose } else { &mut variant.judge };
                    part.extend(shares.into_iter().map(|share| (share / (k as f64 + 1.0)).ln() as f32));
                }
            }
        }
    }
    variants
}

pub(super) fn gather(data: Labelled, rows: &[u32]) -> Array2<f32> {
    let places: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
    let all = ArrayView2::from_shape((data.classes.len(), data.columns), data.rows);
    all.map_or_else(|_| Array2::zeros((rows.len(), data.columns)), |all| all.select(Axis(0), &places))
}
