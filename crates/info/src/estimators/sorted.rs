//! Neighbours in one column: its numbers in order.
//!
//! The k-th nearest is found by two fingers that walk outwards, O(k); how many lie within a radius by doubling steps, O(log count).

/// Numbers in order, each group of rows by itself: rows of other groups lie farther than anything else.
#[derive(Debug)]
pub struct Sorted {
    /// Group after group, ascending in each.
    values: Vec<f64>,
    /// The rows in that order.
    order: Vec<usize>,
    /// Where each row is.
    place: Vec<usize>,
    /// The rows' groups, and where each group starts; the end at last.
    group: Vec<usize>,
    starts: Vec<usize>,
}

impl Sorted {
    /// One group.
    pub fn new(column: &[f64]) -> Self {
        Self::in_groups(column, vec![0; column.len()])
    }

    /// Groups are numbered from 0.
    pub fn in_groups(column: &[f64], group: Vec<usize>) -> Self {
        let mut keyed: Vec<(usize, f64, usize)> =
            group.iter().zip(column).enumerate().map(|(row, (&group, &value))| (group, value, row)).collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let order: Vec<usize> = keyed.iter().map(|&(_, _, row)| row).collect();
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &row)| place[row] = at);
        let groups = keyed.last().map_or(0, |last| last.0 + 1);
        let starts = (0..=groups).map(|group| keyed.partition_point(|key| key.0 < group)).collect();
        Self { values: keyed.into_iter().map(|(_, value, _)| value).collect(), order, place, group, starts }
    }

    /// The rows, neighbours beside neighbours.
    pub fn rows(&self) -> &[usize] {
        &self.order
    }

    /// Distance of a row to its k-th nearest other; infinite if there are fewer.
    pub fn kth_nearest(&self, row: usize, k: usize) -> f64 {
        let (here, [start, end]) = (self.place[row], self.ends(row));
        let centre = self.values[here];
        let (mut left, mut right, mut distance) = (here, here + 1, 0.0);
        for _ in 0..k {
            let below = if left > start { centre - self.values[left - 1] } else { f64::INFINITY };
            let above = if right < end { self.values[right] - centre } else { f64::INFINITY };
            if below <= above {
                (left, distance) = (left.saturating_sub(1), below);
            } else {
                (right, distance) = (right + 1, above);
            }
        }
        distance
    }

    /// The rows that lie at most so far, itself included.
    pub fn within(&self, row: usize, radius: f64) -> &[usize] {
        let (here, [start, end]) = (self.place[row], self.ends(row));
        let centre = self.values[here];
        let right = reach(end - here, |steps| self.values[here + steps] - centre <= radius);
        let left = reach(here - start, |steps| centre - self.values[here - 1 - steps] <= radius);
        &self.order[here - left..here + right]
    }

    fn ends(&self, row: usize) -> [usize; 2] {
        let group = self.group[row];
        [self.starts[group], self.starts[group + 1]]
    }
}

/// How many of the numbers 0, 1, … below `most` are within, if those are the first.
fn reach(most: usize, is_within: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (0, 1);
    while low + step <= most && is_within(low + step - 1) {
        low += step;
        step *= 2;
    }
    let mut high = most.min(low + step - 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_within(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_column_by_hand() {
        let all = Sorted::new(&[0.0, 3.0, 1.0, -2.0, 2.0]);
        assert_eq!([1, 2, 3, 4, 5].map(|k| all.kth_nearest(0, k)), [1.0, 2.0, 2.0, 3.0, f64::INFINITY]);
        assert_eq!([-1.0, 0.0, 1.0, 2.0, 9.0].map(|radius| all.within(0, radius).len()), [0, 1, 2, 4, 5]);
        let groups = Sorted::in_groups(&[0.0, 3.0, 1.0, -2.0, 2.0], vec![1, 0, 0, 1, 1]);
        assert_eq!([1, 2, 3].map(|k| groups.kth_nearest(0, k)), [2.0, 2.0, f64::INFINITY]);
        assert_eq!((groups.kth_nearest(2, 1), groups.within(2, 5.0).len()), (2.0, 2));
        assert_eq!(groups.within(0, 2.0), [3, 0, 4]);
    }

    #[test]
    fn what_is_within_reach_is_counted() {
        for most in 0..40 {
            for within in 0..=most {
                assert_eq!(reach(most, |at| at < within), within);
            }
        }
    }
}
