//! Nearest class means: z_y = m_y·x − ‖m_y‖²/2 with m_y the mean of a class' training rows, drawn towards that of all rows. A linear
//! probe without training, and the best there is where columns are many, alike and independent within a class (Bickel & Levina 2004,
//! Bernoulli 10, 989): it beats trained ones where rows are few.

use ndarray::Array2;

use super::calibration::Variant;
use super::neighbours::gather;
use super::{Labelled, Split};

/// Rows scored at a time.
const CHUNK: usize = 256;

/// Scores of it, in units of their spread within a row: how warm they are is for the rows that choose to say.
pub(super) fn variant(data: Labelled, split: &Split) -> Variant {
    let (d, k) = (data.columns, data.n_classes);
    let mut means: Array2<f32> = Array2::zeros((k, d));
    let mut counts = vec![0.0_f32; k];
    for &row in &split.train {
        let class = data.classes[row as usize] as usize;
        counts[class] += 1.0;
        let x = &data.rows[row as usize * d..][..d];
        means.row_mut(class).iter_mut().zip(x).for_each(|(mean, &x)| *mean += x);
    }
    for (mut mean, count) in means.outer_iter_mut().zip(&counts) {
        // A row more at the origin, which is the middle of the columns.
        mean /= count + 1.0;
    }
    let squares: Vec<f32> = means.outer_iter().map(|mean| 0.5 * mean.dot(&mean)).collect();
    let scores = |rows: &[u32]| {
        let mut scores = Vec::with_capacity(rows.len() * k);
        for rows in rows.chunks(CHUNK) {
            let products = gather(data, rows).dot(&means.t());
            for row in products.outer_iter() {
                scores.extend(row.iter().zip(&squares).map(|(product, square)| product - square));
            }
        }
        scores
    };
    let (mut choose, mut judge) = (scores(&split.choose), scores(&split.judge));
    let unit = spread_within_rows(&choose, k);
    choose.iter_mut().chain(&mut judge).for_each(|z| *z /= unit);
    Variant { choose, judge }
}

fn spread_within_rows(scores: &[f32], k: usize) -> f32 {
    let variance = |row: &[f32]| {
        let mean = row.iter().sum::<f32>() / k as f32;
        row.iter().map(|z| (z - mean).powi(2)).sum::<f32>() / k as f32
    };
    let mean = scores.chunks_exact(k).map(variance).sum::<f32>() * k as f32 / scores.len().max(1) as f32;
    if mean > 0.0 { mean.sqrt() } else { 1.0 }
}
