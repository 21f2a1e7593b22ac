//! What a block in training looks like at one epoch.

use ndarray::{Array2, ArrayView2, s};

/// The block at one recorded epoch.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Epochs trained; 0 for the initial weights.
    pub epoch: usize,
    /// Every replica that is still finite.
    pub replicas: Vec<Option<ReplicaSnapshot>>,
    /// Replicas found no longer finite since the last snapshot, and the epoch it was noticed.
    pub diverged: Vec<(usize, usize)>,
}

/// One network's layers over **all** patterns.
#[derive(Debug, Clone)]
pub struct ReplicaSnapshot {
    /// From the first hidden layer to the output.
    pub layers: Vec<Layer>,
    /// Passes with other noise, of all patterns each, that lie one behind the other in the layers; 1 unless the network is noisy.
    pub draws: usize,
    /// The flat leaf, \[P].
    pub parameters: Vec<f32>,
    /// The gradient of each mini-batch of an epoch, \[P] each, as [`super::Training::collect_gradients`] asked for them. Moving ones
    /// are those of the epoch that ended here, so there are none at epoch 0.
    pub gradients: Vec<Vec<f32>>,
}

/// One layer over all patterns, and all draws of the noise below it.
#[derive(Debug, Clone)]
pub struct Layer {
    /// z, shape [units × patterns · draws]; the output's are logits.
    pub net_input: Array2<f32>,
    /// t = φ(z) without the layer's own noise, shape [units × patterns · draws]; the output's are class probabilities.
    pub activation: Array2<f32>,
}

impl ReplicaSnapshot {
    /// The output's net inputs in the first pass, shape [units × patterns].
    pub fn logits(&self) -> ArrayView2<'_, f32> {
        let net_input = &self.layers[self.layers.len() - 1].net_input;
        net_input.slice(s![.., ..net_input.ncols() / self.draws])
    }
}

/// Layers of these widths, lying one below the other in [units × n].
pub(super) fn split_layers(z: &[f32], t: &[f32], widths: &[usize], n: usize) -> Vec<Layer> {
    let mut above = 0;
    widths
        .iter()
        .map(|&units| {
            let part = |all: &[f32]| {
                let values = all[above * n..(above + units) * n].to_vec();
                Array2::from_shape_vec((units, n), values).expect("as many values as units × n")
            };
            let layer = Layer { net_input: part(z), activation: part(t) };
            above += units;
            layer
        })
        .collect()
}
