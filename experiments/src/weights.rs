//! Weights from elsewhere: an .npz with W1, b1, W2, b2, …, where W is [in × out].

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use infoplane_model::stack::Stack;
use ndarray::{Array, Dimension, Ix1, Ix2};
use ndarray_npy::NpzReader;

/// Reads the parameters of a network, in the order of its flat leaf.
///
/// # Errors
/// If the file cannot be read, lacks an array, or has one of another shape or with numbers that are not finite.
pub fn read(path: &Path, stack: &Stack) -> Result<Vec<f32>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let mut arrays = NpzReader::new(file).map_err(|error| anyhow!("{shown} is not an .npz file: {error}"))?;
    let mut parameters: Vec<f32> = Vec::with_capacity(stack.n_parameters());
    for (k, layer) in stack.layers().enumerate() {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let kernel: Array<f32, Ix2> = array(&mut arrays, &format!("W{}", k + 1)).with_context(|| shown.to_string())?;
        let bias: Array<f32, Ix1> = array(&mut arrays, &format!("b{}", k + 1)).with_context(|| shown.to_string())?;
        ensure!(
            kernel.dim() == (inputs, outputs) && bias.len() == outputs,
            "{shown}: W{0} is {1:?} and b{0} has {2} numbers, but layer {0} of the network has {inputs} inputs and {outputs} \
             units (set model.hidden to the widths of the file)",
            k + 1,
            kernel.dim(),
            bias.len()
        );
        parameters.extend(kernel.iter().chain(&bias));
    }
    if let Some(place) = parameters.iter().position(|value| !value.is_finite()) {
        bail!("{shown}: parameter number {place} is {}; weights must be finite", parameters[place]);
    }
    Ok(parameters)
}

/// The widths of the hidden layers in a file: as many layers as there are arrays W1, W2, …
///
/// # Errors
/// If the file cannot be read or holds no weights.
pub fn hidden_widths(path: &Path) -> Result<Vec<usize>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let mut arrays = NpzReader::new(file).map_err(|error| anyhow!("{shown} is not an .npz file: {error}"))?;
    let names = arrays.names().with_context(|| format!("cannot read {shown}"))?;
    let has = |k: usize| names.iter().any(|name| name.trim_end_matches(".npy") == format!("W{k}"));
    let layers = (1..=names.len()).take_while(|&k| has(k)).count();
    ensure!(layers >= 2, "{shown} has arrays {}, but W1, b1, W2, b2, … are needed", names.join(", "));
    (1..layers)
        .map(|k| Ok(array::<Ix2>(&mut arrays, &format!("W{k}")).with_context(|| shown.to_string())?.ncols()))
        .collect()
}

/// An array of single or double precision.
fn array<D: Dimension>(arrays: &mut NpzReader<File>, name: &str) -> Result<Array<f32, D>> {
    let single = arrays.by_name::<ndarray::OwnedRepr<f32>, D>(name);
    single.or_else(|error| {
        let double = arrays.by_name::<ndarray::OwnedRepr<f64>, D>(name);
        double
            .map(|values| values.mapv(|value| value as f32))
            .map_err(|_| anyhow!("array {name} cannot be read: {error}"))
    })
}
