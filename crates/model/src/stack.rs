//! A stack of dense layers, described: what the composed and the fused forward pass both compute.
//!
//! z_l = W_lᵀ t_{l−1} + b_l, t_l = φ(z_l), the last layer linear. A block of R replicas keeps its parameters in one flat
//! leaf, shape [R × P]: layer by layer W_l, [n_in × n_out] row by row, then b_l, \[n_out]. A first layer that sees patches of an
//! image has one column of W and one bias for each of its filters, and n_in is the pixels of a patch.

use std::ops::Range;

use crate::activation::Activation;
use crate::architectures::convolutional::Patches;

/// Widths and activation of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Widths from the input to the output.
    pub widths: Vec<usize>,
    /// Activation of all layers but the last.
    pub hidden: Activation,
    /// Patches that the first layer sees, if not all of its input at once.
    pub patches: Option<Patches>,
}

/// One dense layer: its sizes, its activation, and its place in the flat leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// Fan-in n_in of a unit.
    pub inputs: usize,
    /// Units n_out.
    pub outputs: usize,
    /// Units that share their weights and bias: 1, or the places of a patch.
    pub places: usize,
    /// φ.
    pub activation: Activation,
    /// Where W starts in the flat leaf of one replica; b follows it.
    pub offset: usize,
}

impl Dense {
    /// Units that share nothing: columns of W.
    pub fn filters(&self) -> usize {
        self.outputs / self.places
    }

    /// Where W, [n_in × filters] row by row, lies in the flat leaf.
    pub fn kernel(&self) -> Range<usize> {
        self.offset..self.offset + self.inputs * self.filters()
    }

    /// Where b, \[filters], lies in the flat leaf.
    pub fn biases(&self) -> Range<usize> {
        let start = self.kernel().end;
        start..start + self.filters()
    }
}

impl Stack {
    /// Dense layers of these widths.
    pub fn new(widths: Vec<usize>, hidden: Activation) -> Self {
        Self { widths, hidden, patches: None }
    }

    /// Every layer, from the first hidden one to the output.
    pub fn layers(&self) -> impl Iterator<Item = Dense> + '_ {
        let mut offset = 0;
        let last = self.widths.len().saturating_sub(2);
        self.widths.windows(2).enumerate().map(move |(layer, pair)| {
            let activation = if layer == last { Activation::Linear } else { self.hidden };
            let (inputs, places) = match self.patches.filter(|_| layer == 0) {
                Some(patches) => (patches.pixels(), patches.places()),
                None => (pair[0], 1),
            };
            let dense = Dense { inputs, outputs: pair[1], places, activation, offset };
            offset = dense.biases().end;
            dense
        })
    }

    /// Parameters P of one replica.
    pub fn n_parameters(&self) -> usize {
        self.layers().last().map_or(0, |layer| layer.biases().end)
    }

    /// Units of all layers but the input.
    pub fn n_units(&self) -> usize {
        self.widths[1..].iter().sum()
    }

    /// Units of the last layer.
    pub fn n_outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }
}
