//! How p(y|x) is kept: as a table, or, where many x share it or have one label, by groups of x's with the entries of each.

use ndarray::{Array1, Array2, ArrayView1, Axis, CowArray, Ix2};

use crate::distribution::{entropy, plogp};

/// p(y|x).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conditional {
    /// Shape [|X| × |Y|].
    Table(Array2<f64>),
    /// Of each x its group, and of each group the (y, p) of positive probability, by ascending y.
    Groups {
        /// The group of each x.
        group: Vec<u32>,
        /// Where each group's entries begin; one more than there are groups.
        starts: Vec<u32>,
        /// The entries.
        entries: Vec<(u32, f64)>,
        /// |Y|.
        n_y: usize,
    },
}

impl Conditional {
    pub(crate) fn groups(group: Vec<u32>, rows: &[Vec<(u32, f64)>], n_y: usize) -> Self {
        let (mut starts, mut entries) = (vec![0], Vec::new());
        for row in rows {
            entries.extend(row.iter().filter(|entry| entry.1 > 0.0));
            starts.push(entries.len() as u32);
        }
        assert!(group.iter().all(|&group| (group as usize) < rows.len()), "an x of a group that is not there");
        assert!(entries.iter().all(|&(y, _)| (y as usize) < n_y), "a y that is not there");
        Self::Groups { group, starts, entries, n_y }
    }

    /// The entries of positive probability of an x.
    pub(crate) fn entries(&self, x: usize) -> impl Iterator<Item = (usize, f64)> {
        let (row, sparse) = match self {
            Self::Table(table) => (Some(table.row(x)), &[][..]),
            Self::Groups { group, starts, entries, .. } => {
                let group = group[x] as usize;
                (None, &entries[starts[group] as usize..starts[group + 1] as usize])
            }
        };
        let dense = row.into_iter().flat_map(|row| row.into_iter().copied().enumerate());
        dense.filter(|&(_, p)| p > 0.0).chain(sparse.iter().map(|&(y, p)| (y as usize, p)))
    }

    /// p(y|x) of one x and y.
    pub(crate) fn p(&self, x: usize, y: usize) -> f64 {
        match self {
            Self::Table(table) => table[[x, y]],
            Self::Groups { .. } => self.entries(x).find(|entry| entry.0 == y).map_or(0.0, |entry| entry.1),
        }
    }

    /// p(y) under a p(x). Terms are added in the order of the x's, as a product with the table adds them.
    pub(crate) fn marginal(&self, p_x: ArrayView1<f64>) -> Array1<f64> {
        match self {
            Self::Table(table) => p_x.dot(table),
            Self::Groups { n_y, .. } => {
                let mut p_y = Array1::zeros(*n_y);
                for (x, p) in p_x.iter().enumerate() {
                    self.entries(x).for_each(|(y, q)| p_y[y] += p * q);
                }
                p_y
            }
        }
    }

    /// H(Y|X = x) in bits of each x.
    pub(crate) fn entropies(&self) -> Array1<f64> {
        match self {
            Self::Table(table) => table.outer_iter().map(|row| entropy(row)).collect(),
            Self::Groups { group, starts, entries, .. } => {
                let of_group: Vec<f64> = starts
                    .windows(2)
                    .map(|ends| {
                        let entries = &entries[ends[0] as usize..ends[1] as usize];
                        -entries.iter().map(|&(_, p)| plogp(p)).sum::<f64>() + 0.0
                    })
                    .collect();
                group.iter().map(|&group| of_group[group as usize]).collect()
            }
        }
    }

    /// As a table.
    pub(crate) fn table(&self, n_y: usize) -> CowArray<'_, f64, Ix2> {
        match self {
            Self::Table(table) => table.view().into(),
            Self::Groups { group, .. } => {
                let mut table = Array2::zeros((group.len(), n_y));
                for x in 0..group.len() {
                    self.entries(x).for_each(|(y, p)| table[[x, y]] = p);
                }
                table.into()
            }
        }
    }

    /// Of some of the x's.
    pub(crate) fn select(&self, x: &[usize]) -> Self {
        match self {
            Self::Table(table) => Self::Table(table.select(Axis(0), x)),
            Self::Groups { group, starts, entries, n_y } => Self::Groups {
                group: x.iter().map(|&x| group[x]).collect(),
                starts: starts.clone(),
                entries: entries.clone(),
                n_y: *n_y,
            },
        }
    }
}
