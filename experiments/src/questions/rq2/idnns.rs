//! The gradient figure of the authors' public code, as a named variant: for comparison, not for trust.
//!
//! Their `plot_gradients.py` adds the norms up over layers, m_k = Σ_{l≤k} ‖⟨g_l⟩‖ and s_k = Σ_{l≤k} ‖σ(g_l)‖, draws m_k and √s_k (a root
//! too many), takes m_k²/s_k for the signal-to-noise ratio, and never divides by ‖W‖.

use serde::{Deserialize, Serialize};

use crate::rows::{GradientRow, table};

/// One layer of one network at one epoch: a row of `gradients_idnns.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdnnsRow {
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Number of the network.
    pub replica: usize,
    /// Epochs trained.
    pub epoch: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// m_k.
    pub mean_drawn: f64,
    /// √s_k.
    pub std_drawn: f64,
    /// m_k²/s_k; empty without noise.
    pub snr_drawn: Option<f64>,
}

table!(IdnnsRow = "gradients_idnns.csv");

/// The authors' numbers from ours. Rows come layer by layer within a network and epoch, as they are written.
pub fn rows(gradients: &[GradientRow]) -> Vec<IdnnsRow> {
    let (mut mean, mut std) = (0.0, 0.0);
    gradients
        .iter()
        .filter(|row| row.part == "kernel")
        .map(|row| {
            if row.layer == 1 {
                (mean, std) = (0.0, 0.0);
            }
            mean += row.gradient_mean_norm;
            std += row.gradient_std_norm;
            IdnnsRow {
                condition: row.condition.clone(),
                activation: row.activation.clone(),
                replica: row.replica,
                epoch: row.epoch,
                layer: row.layer,
                mean_drawn: mean,
                std_drawn: std.sqrt(),
                snr_drawn: (std > 0.0).then(|| mean * mean / std),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_add_up_over_layers_and_start_again_with_each_epoch() {
        let row = |epoch, layer, mean, std| GradientRow {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: "tanh".into(),
            train_fraction: 0.5,
            replica: 0,
            seed: 0,
            epoch,
            layer,
            part: "kernel".into(),
            weight_norm: 1.0,
            gradient_mean_norm: mean,
            gradient_std_norm: std,
            gradient_mean_normalised: None,
            gradient_std_normalised: None,
            snr: None,
            saturation: None,
        };
        let found = rows(&[row(1, 1, 1.0, 4.0), row(1, 2, 2.0, 5.0), row(2, 1, 1.0, 0.0)]);
        assert_eq!((found[1].mean_drawn, found[1].std_drawn, found[1].snr_drawn), (3.0, 3.0, Some(1.0)));
        assert_eq!((found[2].mean_drawn, found[2].snr_drawn), (1.0, None));
    }
}
