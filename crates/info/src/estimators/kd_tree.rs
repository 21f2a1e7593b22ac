//! Neighbours in a few columns, maximum norm: a k-d tree (Bentley 1975, Commun. ACM 18, 509; Friedman, Bentley & Finkel 1977, ACM
//! Trans. Math. Softw. 3, 209).
//!
//! Rows are halved at the median of the column in which they are widest, until a leaf holds a few. Every node knows the box about
//! its rows: what lies outside a ball is skipped, and what lies inside it is counted without a look. Differences of floating-point
//! numbers are rounded in order, so that the box's distances bound those of its rows as they are computed: answers are those of
//! comparing all rows, to the last bit.
//!
//! The crate kiddo (6.3) has the maximum norm too, but its dimension is a constant, it counts by visiting every neighbour, and it
//! brings 67,000 lines and a dozen crates.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::all_rows::{insert, larger};
use super::columns::Columns;
use crate::simd::run;

/// Rows of a leaf, at most.
const LEAF: usize = 32;
/// More levels than any memory has rows for.
const LEVELS: usize = 64;

/// Rows, halved again and again: a complete binary tree whose node 1 is the root, and i has 2i and 2i + 1 below it.
#[derive(Debug)]
pub struct KdTree {
    columns: usize,
    levels: u32,
    /// The values row by row.
    values: Vec<f64>,
    /// The rows, leaf by leaf.
    order: Vec<usize>,
    /// Their values: leaf by leaf, in a leaf column by column, each filled up with what lies infinitely far.
    points: Vec<[f64; LEAF]>,
    /// Of each node the least value in every column, then the greatest.
    boxes: Vec<f64>,
}

impl KdTree {
    /// Of some columns, at least one, together. O(n log n).
    pub fn new(sample: &Columns) -> Self {
        let (n, d) = (sample.rows(), sample.iter().len());
        let levels = n.div_ceil(LEAF).max(1).next_power_of_two().ilog2();
        let mut tree = Self {
            columns: d,
            levels,
            values: (0..n).flat_map(|row| sample.row(row)).collect(),
            order: (0..n).collect(),
            points: Vec::with_capacity(d << levels),
            boxes: vec![0.0; (2 << levels) * 2 * d],
        };
        for level in 0..=levels {
            tree.halve(level);
        }
        for leaf in 0..1 << levels {
            let rows = &tree.order[start(n, levels, leaf)..start(n, levels, leaf + 1)];
            for column in 0..d {
                let mut points = [f64::INFINITY; LEAF];
                points.iter_mut().zip(rows).for_each(|(point, &row)| *point = tree.values[row * d + column]);
                tree.points.push(points);
            }
        }
        tree
    }

    /// Draws the boxes of a level's nodes and puts the lesser half of each in front.
    fn halve(&mut self, level: u32) {
        let (n, d, nodes) = (self.order.len(), self.columns, 1_usize << level);
        let mut rest = self.order.as_mut_slice();
        let parts: Vec<&mut [usize]> = (0..nodes)
            .map(|node| {
                let length = start(n, level, node + 1) - start(n, level, node);
                let (part, after) = std::mem::take(&mut rest).split_at_mut(length);
                rest = after;
                part
            })
            .collect();
        let boxes = self.boxes[nodes * 2 * d..2 * nodes * 2 * d].par_chunks_exact_mut(2 * d);
        let (is_leaf, values) = (level == self.levels, &self.values);
        parts.into_par_iter().zip(boxes).enumerate().for_each(|(node, (rows, corners))| {
            let (least, greatest) = corners.split_at_mut(d);
            least.fill(f64::INFINITY);
            greatest.fill(f64::NEG_INFINITY);
            for &row in rows.iter() {
                for ((least, greatest), &value) in least.iter_mut().zip(greatest.iter_mut()).zip(&values[row * d..]) {
                    *least = if value < *least { value } else { *least };
                    *greatest = larger(value, *greatest);
                }
            }
            if is_leaf {
                return;
            }
            let width = |column: usize| greatest[column] - least[column];
            let widest = (1..d).fold(0, |widest, column| if width(column) > width(widest) { column } else { widest });
            let half = start(n, level + 1, 2 * node + 1) - start(n, level, node);
            let value = |row: usize| values[row * d + widest];
            rows.select_nth_unstable_by(half, |&i, &j| value(i).total_cmp(&value(j)));
        });
    }

    /// The rows, neighbours beside neighbours.
    pub fn rows(&self) -> &[usize] {
        &self.order
    }

    /// Distance of a row to its k-th nearest other; infinite if there are fewer.
    pub fn kth_nearest(&self, row: usize, k: usize) -> f64 {
        // The row itself is the very nearest.
        run(Kth { tree: self, centre: self.centre(row), k: k + 1 })
    }

    /// How many rows lie at most so far, itself included.
    pub fn at_most(&self, row: usize, radius: f64) -> usize {
        run(AtMost { tree: self, centre: self.centre(row), radius })
    }

    /// The rows that lie at most so far, itself included, in no order.
    pub fn within(&self, row: usize, radius: f64) -> Vec<usize> {
        let centre = self.centre(row);
        let mut found = Vec::new();
        self.visit(
            centre,
            radius,
            |_| false,
            |leaf| {
                let near = self.distances(leaf, centre).into_iter().zip(&self.order[self.range(leaf)]);
                found.extend(near.filter(|(distance, _)| *distance <= radius).map(|(_, &row)| row));
            },
        );
        found
    }

    /// How many rows are compared to count those: of leaves that are neither inside nor outside the ball.
    pub fn compared(&self, row: usize, radius: f64) -> usize {
        let centre = self.centre(row);
        let mut compared = 0;
        self.visit(
            centre,
            radius,
            |node| self.farthest(node, centre) <= radius,
            |leaf| compared += self.range(leaf).len(),
        );
        compared
    }

    /// Calls `at_leaf` with the leaves that reach into a ball, but not below nodes that are `done`.
    #[inline(always)]
    fn visit(&self, centre: &[f64], radius: f64, mut done: impl FnMut(usize) -> bool, mut at_leaf: impl FnMut(usize)) {
        let (mut waiting, mut count) = ([1; LEVELS], 1);
        while count > 0 {
            count -= 1;
            let node = waiting[count];
            if self.nearest(node, centre) > radius || done(node) {
                continue;
            }
            if self.is_leaf(node) {
                at_leaf(node);
            } else {
                (waiting[count], waiting[count + 1]) = (2 * node + 1, 2 * node);
                count += 2;
            }
        }
    }

    fn centre(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    fn is_leaf(&self, node: usize) -> bool {
        node >= 1 << self.levels
    }

    /// Where a node's rows are in `order`.
    fn range(&self, node: usize) -> std::ops::Range<usize> {
        let level = node.ilog2();
        let among = node - (1 << level);
        start(self.order.len(), level, among)..start(self.order.len(), level, among + 1)
    }

    #[inline(always)]
    fn corners(&self, node: usize) -> (&[f64], &[f64]) {
        self.boxes[node * 2 * self.columns..][..2 * self.columns].split_at(self.columns)
    }

    /// The distance to a node's box.
    #[inline(always)]
    fn nearest(&self, node: usize, centre: &[f64]) -> f64 {
        let (least, greatest) = self.corners(node);
        let sides = centre.iter().zip(least).zip(greatest);
        sides.fold(0.0, |most, ((&centre, least), greatest)| larger(most, larger(least - centre, centre - greatest)))
    }

    /// The distance to the farthest corner of it.
    #[inline(always)]
    fn farthest(&self, node: usize, centre: &[f64]) -> f64 {
        let (least, greatest) = self.corners(node);
        let sides = centre.iter().zip(least).zip(greatest);
        sides.fold(0.0, |most, ((&centre, least), greatest)| larger(most, larger(centre - least, greatest - centre)))
    }

    /// The distances to a leaf's rows, and infinite ones.
    #[inline(always)]
    fn distances(&self, leaf: usize, centre: &[f64]) -> [f64; LEAF] {
        let among = leaf - (1 << self.levels);
        let columns = &self.points[among * self.columns..][..self.columns];
        // Of one length, known beforehand: they stay in registers.
        let mut distances = [0.0; LEAF];
        for (column, &centre) in columns.iter().zip(centre) {
            for (distance, &value) in distances.iter_mut().zip(column) {
                *distance = larger(*distance, (value - centre).abs());
            }
        }
        distances
    }
}

/// Where the part of a number starts, of 2^level about equal parts of n: parts of the next level are halves of these.
fn start(n: usize, level: u32, part: usize) -> usize {
    ((n as u128 * part as u128) >> level) as usize
}

#[inline(always)]
fn at_most(distances: &[f64; LEAF], radius: f64) -> usize {
    distances.iter().map(|&distance| usize::from(distance <= radius)).sum()
}

struct Kth<'a> {
    tree: &'a KdTree,
    centre: &'a [f64],
    k: usize,
}

impl WithSimd for Kth<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { tree, centre, k } = self;
        let mut nearest = vec![f64::INFINITY; k];
        let (mut waiting, mut count) = ([(0.0, 1); LEVELS], 1);
        while count > 0 {
            count -= 1;
            let (distance, mut node) = waiting[count];
            if distance >= nearest[k - 1] {
                continue;
            }
            // Down to the nearer side; the other waits.
            while !tree.is_leaf(node) {
                let (left, right) = (tree.nearest(2 * node, centre), tree.nearest(2 * node + 1, centre));
                let (near, far) =
                    if left <= right { (2 * node, (right, 2 * node + 1)) } else { (2 * node + 1, (left, 2 * node)) };
                if far.0 < nearest[k - 1] {
                    waiting[count] = far;
                    count += 1;
                }
                node = near;
            }
            let distances = tree.distances(node, centre);
            // Of most leaves none is near enough.
            if at_most(&distances, nearest[k - 1].next_down()) > 0 {
                for distance in distances {
                    if distance < nearest[k - 1] {
                        insert(&mut nearest, distance);
                    }
                }
            }
        }
        nearest[k - 1]
    }
}

struct AtMost<'a> {
    tree: &'a KdTree,
    centre: &'a [f64],
    radius: f64,
}

impl WithSimd for AtMost<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { tree, centre, radius } = self;
        // What fills up leaves is not within any reach.
        let radius = radius.min(f64::MAX);
        let (mut inside, mut at_edge) = (0, 0);
        let is_inside = |node| {
            let all = tree.farthest(node, centre) <= radius;
            inside += if all { tree.range(node).len() } else { 0 };
            all
        };
        tree.visit(centre, radius, is_inside, |leaf| {
            at_edge += at_most(&tree.distances(leaf, centre), radius);
        });
        inside + at_edge
    }
}
