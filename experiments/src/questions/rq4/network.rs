//! One condition's network, and what training it costs.
//!
//! Gradient computation counts multiplications and additions of the kernels: 2 n_in n_out forward, as many for the gradient of
//! W and again for the gradient passed down, which the first layer does not need. Activations, biases, the loss and the
//! update are left out.

use infoplane_model::stack::{Dense, Stack};

use super::plan::Arm;

/// One condition's network: what it is, and what an epoch of it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Name of the cell.
    pub group: String,
    /// Hidden layers.
    pub depth: usize,
    /// Name of the condition.
    pub condition: String,
    /// Widths of the hidden layers and the output.
    pub architecture: String,
    /// Weights and biases.
    pub parameters: usize,
    /// The learning rate used.
    pub learning_rate: f64,
    /// 10⁹ multiplications and additions an epoch.
    pub gradient_gflop_per_epoch: f64,
}

impl Network {
    /// The network of an arm, trained on so many patterns.
    pub fn new(arm: &Arm, stack: &Stack, learning_rate: f64, training_patterns: usize) -> Self {
        let widths: Vec<String> = stack.widths[1..].iter().map(usize::to_string).collect();
        Self {
            group: arm.group.clone(),
            depth: arm.depth,
            condition: arm.condition(),
            architecture: widths.join("-"),
            parameters: stack.n_parameters(),
            learning_rate,
            gradient_gflop_per_epoch: (gradient_flop(stack) * training_patterns) as f64 / 1e9,
        }
    }
}

/// Multiplications and additions of one pattern's gradient.
fn gradient_flop(stack: &Stack) -> usize {
    let forward = |layer: Dense| 2 * layer.inputs * layer.outputs;
    stack.layers().enumerate().map(|(k, layer)| if k == 0 { 2 } else { 3 } * forward(layer)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use infoplane_model::Activation;

    #[test]
    fn gradients_cost_three_passes_but_for_the_first_layers_inputs() {
        let stack = Stack::new(vec![12, 10, 2], Activation::Tanh);
        assert_eq!(gradient_flop(&stack), 2 * 240 + 3 * 40);
    }
}
