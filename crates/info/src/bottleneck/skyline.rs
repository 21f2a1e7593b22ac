//! A symmetric positive definite matrix kept by rows from the first non-zero to the diagonal, and its Cholesky factor:
//! A = L Lᵀ fills nothing outside that skyline (Jennings 1977), so atoms far apart cost nothing.

/// The lower triangle by rows, row i from `first[i]` to i.
#[derive(Debug, Clone)]
pub(super) struct Skyline {
    first: Vec<usize>,
    start: Vec<usize>,
    data: Vec<f64>,
}

impl Skyline {
    /// A zero matrix with room from `first[i]` ≤ i to i in row i.
    pub(super) fn new(first: Vec<usize>) -> Self {
        let mut start = Vec::with_capacity(first.len());
        let mut length = 0;
        for (i, first) in first.iter().enumerate() {
            start.push(length);
            length += i - first + 1;
        }
        Self { first, start, data: vec![0.0; length] }
    }

    /// Row i from its column `first` on: (first, entries).
    pub(super) fn row_mut(&mut self, i: usize) -> (usize, &mut [f64]) {
        let (first, start) = (self.first[i], self.start[i]);
        (first, &mut self.data[start..=start + i - first])
    }

    /// A[i][j], j ≤ i within the skyline.
    pub(super) fn at(&mut self, i: usize, j: usize) -> &mut f64 {
        &mut self.data[self.start[i] + j - self.first[i]]
    }

    /// Replaces A by L; false if A is not positive definite.
    pub(super) fn factorise(&mut self) -> bool {
        for i in 0..self.first.len() {
            let (before, rest) = self.data.split_at_mut(self.start[i]);
            let row = &mut rest[..=i - self.first[i]];
            let first_i = self.first[i];
            for j in first_i..i {
                let from = first_i.max(self.first[j]);
                let other = &before[self.start[j]..=self.start[j] + j - self.first[j]];
                let sum = dot(&row[from - first_i..j - first_i], &other[from - self.first[j]..j - self.first[j]]);
                row[j - first_i] = (row[j - first_i] - sum) / other[j - self.first[j]];
            }
            let last = i - first_i;
            let square = row[last] - dot(&row[..last], &row[..last]);
            if !(square > 1e-15 * row[last].abs() && square.is_finite() && square > 0.0) {
                return false;
            }
            row[last] = square.sqrt();
        }
        true
    }

    /// Solves L Lᵀ x = b in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        for i in 0..b.len() {
            let row = &self.data[self.start[i]..=self.start[i] + i - self.first[i]];
            let last = row.len() - 1;
            b[i] = (b[i] - dot(&row[..last], &b[self.first[i]..i])) / row[last];
        }
        for i in (0..b.len()).rev() {
            let row = &self.data[self.start[i]..=self.start[i] + i - self.first[i]];
            b[i] /= row[row.len() - 1];
            let value = b[i];
            for (target, l) in b[self.first[i]..i].iter_mut().zip(row) {
                *target -= l * value;
            }
        }
    }
}

/// Four sums side by side: the same result on every machine, and fast.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (heads_a, tail_a) = a.as_chunks::<4>();
    let (heads_b, tail_b) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in heads_a.iter().zip(heads_b) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let tail: f64 = tail_a.iter().zip(tail_b).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn solves_an_arrow_and_refuses_an_indefinite_matrix() {
        let mut a = Skyline::new(vec![0, 1, 0]);
        *a.at(0, 0) = 4.0;
        *a.at(1, 1) = 9.0;
        (*a.at(2, 0), *a.at(2, 1), *a.at(2, 2)) = (2.0, 3.0, 10.0);
        let mut x = vec![4.0 + 2.0 * 3.0, 18.0 + 3.0 * 3.0, 2.0 + 6.0 + 30.0];
        assert!(a.factorise());
        a.solve(&mut x);
        assert_abs_diff_eq!(x[..], [1.0, 2.0, 3.0], epsilon = 1e-14);
        let mut bad = Skyline::new(vec![0, 0]);
        (*bad.at(0, 0), *bad.at(1, 0), *bad.at(1, 1)) = (1.0, 2.0, 1.0);
        assert!(!bad.factorise());
    }
}
