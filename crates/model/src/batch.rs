//! Gathers the patterns of a mini-batch: patterns become the columns of a [F × B] matrix.

/// Patterns gathered together: their numbers for one feature are stored as one register.
const TOGETHER: usize = 8;

/// Writes the features, [F × B], of the given rows of `patterns`, [n × F].
pub fn gather(patterns: &[f32], rows: &[u32], out: &mut [f32]) {
    let count = rows.len();
    let features = out.len() / count.max(1);
    let pattern = |row: u32| &patterns[row as usize * features..][..features];
    let (whole, rest) = rows.as_chunks::<TOGETHER>();
    for (at, rows) in whole.iter().enumerate() {
        let mut p: [&[f32]; TOGETHER] = [&[]; TOGETHER];
        for (p, &row) in p.iter_mut().zip(rows) {
            *p = pattern(row);
        }
        for feature in 0..features {
            let mut together = [0.0; TOGETHER];
            for k in 0..TOGETHER {
                together[k] = p[k][feature];
            }
            let start = feature * count + at * TOGETHER;
            out[start..start + TOGETHER].copy_from_slice(&together);
        }
    }
    for (k, &row) in rest.iter().enumerate() {
        for (feature, &value) in pattern(row).iter().enumerate() {
            out[feature * count + count - rest.len() + k] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_becomes_its_column() {
        let patterns: Vec<f32> = (0..60).map(|v| v as f32).collect();
        for rows in [&[4_u32, 0, 19, 7, 7, 3, 2, 11, 1, 18][..], &[5], &[6; 8]] {
            let mut out = vec![-1.0; 3 * rows.len()];
            super::gather(&patterns, rows, &mut out);
            for (k, &row) in rows.iter().enumerate() {
                for feature in 0..3 {
                    assert_eq!(out[feature * rows.len() + k], (row * 3) as f32 + feature as f32);
                }
            }
        }
    }
}
