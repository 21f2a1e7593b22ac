//! A stack of dense layers, described: what the composed and the fused forward pass both compute.
//!
//! z_l = W_lᵀ t_{l−1} + b_l, t_l = φ(z_l), the last layer linear. A block of R replicas keeps its parameters in one flat
//! leaf, shape [R × P]: layer by layer W_l, [n_in × n_out] row by row, then b_l, [n_out].

use crate::activation::Activation;

/// Widths and activation of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Widths from the input to the output.
    pub widths: Vec<usize>,
    /// Activation of all layers but the last.
    pub hidden: Activation,
}

impl Stack {
    /// Fan-in and fan-out of each layer.
    pub fn layers(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.widths.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// Where each layer's W lies in the flat leaf; its b follows.
    pub fn kernels(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut offset = 0;
        self.layers().map(move |(inputs, outputs)| {
            let kernel = offset..offset + inputs * outputs;
            offset += (inputs + 1) * outputs;
            kernel
        })
    }

    /// Parameters P of one replica.
    pub fn n_parameters(&self) -> usize {
        self.layers().map(|(inputs, outputs)| (inputs + 1) * outputs).sum()
    }

    /// Units of all layers but the input.
    pub fn n_units(&self) -> usize {
        self.widths[1..].iter().sum()
    }

    /// Units of the last layer.
    pub fn n_outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Activation of a layer, from 0.
    pub fn activation(&self, layer: usize) -> Activation {
        if layer + 2 == self.widths.len() { Activation::Linear } else { self.hidden }
    }
}
