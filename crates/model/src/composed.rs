//! The perceptron in plain burn operations: the reference for the fused kernels, and the path of every other backend.
//!
//! Activations are [R, F, B] (replica, feature, row), parameters one flat leaf [R, P] as in [`crate::stack`].

use burn::tensor::{Tensor, activation};

use crate::architectures::Architecture;
use crate::stack::Stack;

/// Net inputs z_l, [R, n_l, B], and what every layer hands on, t_l (see [`Architecture`]), but for the noise of the hidden layers,
/// [R, n_l, B], if there is any; the last layer is linear (logits). x is [R, F, B], or [1, F, B] for all replicas alike.
pub fn layers(
    architecture: Architecture,
    x: Tensor<3>,
    parameters: Tensor<2>,
    noise: &[Tensor<3>],
    stack: &Stack,
) -> Vec<(Tensor<3>, Tensor<3>)> {
    let replicas = parameters.dims()[0];
    let mut offset = 0;
    let mut take = |rows: usize, columns: usize| {
        let part = parameters.clone().slice([0..replicas, offset..offset + rows * columns]);
        offset += rows * columns;
        part.reshape([replicas, rows, columns])
    };
    let mut t = if x.dims()[0] == replicas { x } else { x.repeat_dim(0, replicas) };
    stack
        .layers()
        .enumerate()
        .map(|(number, layer)| {
            let (weights, biases) = (take(layer.inputs, layer.filters()), take(layer.filters(), 1));
            let z = match stack.patches.filter(|_| number == 0) {
                Some(patches) => patches.convolve(t.clone(), weights, biases),
                None => weights.swap_dims(1, 2).matmul(t.clone()) + biases,
            };
            let own = layer.activation.apply(z.clone());
            let is_hidden = number + 2 < stack.widths.len();
            let handed = if is_hidden { architecture.hand_on(t.clone(), own) } else { own };
            t = with_noise(handed.clone(), noise.get(number));
            (z, handed)
        })
        .collect()
}

/// What a layer hands on, with its noise if there is any.
pub(crate) fn with_noise(t: Tensor<3>, noise: Option<&Tensor<3>>) -> Tensor<3> {
    match noise {
        Some(noise) => t + noise.clone(),
        None => t,
    }
}

/// Logits [R, C, B]: the last layer's net inputs.
pub fn logits(
    architecture: Architecture,
    x: Tensor<3>,
    parameters: Tensor<2>,
    noise: &[Tensor<3>],
    stack: &Stack,
) -> Tensor<3> {
    let layers = layers(architecture, x.clone(), parameters, noise, stack);
    // A stack without layers is the identity.
    layers.into_iter().next_back().map_or(x, |(z, _)| z)
}

/// Mean cross-entropy over rows in nats, \[R], of logits [R, C, B] and class numbers [R, B] (as floats). One logit is a
/// sigmoid's, of the class 1.
pub fn cross_entropy(logits: Tensor<3>, labels: Tensor<2>) -> Tensor<1> {
    let [replicas, classes, rows] = logits.dims();
    let labels = labels.unsqueeze_dim::<3>(1);
    let loss = if classes == 1 {
        // −log σ(±z) = softplus(∓z).
        let sign = labels * -2.0 + 1.0;
        activation::softplus(logits * sign, 1.0)
    } else {
        let log_p = activation::log_softmax(logits, 1);
        let class = Tensor::<1>::from_floats(
            (0..classes).map(|class| class as f32).collect::<Vec<_>>().as_slice(),
            &labels.device(),
        );
        let class = class.reshape([1, classes, 1]).expand([replicas, classes, rows]);
        let hit = labels.expand([replicas, classes, rows]).equal(class).float();
        (log_p * hit).sum_dim(1).neg()
    };
    loss.mean_dim(2).reshape([replicas])
}
