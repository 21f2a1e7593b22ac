//! Weights to and from elsewhere: an .npz with W1, b1, W2, b2, …, where W is [in × out]; or .safetensors of a PyTorch module whose
//! layers are `torch.nn.Linear` (`….weight`, [out × in], and `….bias`), in the order of the numbers in their names.

use std::collections::HashMap;
use std::path::Path;

use ::safetensors::Dtype;
use ::safetensors::tensor::{TensorView, serialize};
use anyhow::{Context, Result, bail, ensure};
use infoplane_model::stack::Stack;
use ndarray::{Array1, Array2, ArrayView2};

use crate::arrays;
use crate::files::write_atomically;

/// One layer: W, [in × out], and b, [out].
type Layer = (Array2<f32>, Array1<f32>);

/// Reads the parameters of a network, in the order of its flat leaf.
///
/// # Errors
/// If the file cannot be read, lacks an array, or has one of another shape or with numbers that are not finite.
pub fn read(path: &Path, stack: &Stack) -> Result<Vec<f32>> {
    let shown = path.display();
    ensure!(
        stack.patches.is_none(),
        "{shown}: weights of a convolutional network cannot be read; set model.weights to \"\""
    );
    let found = layers(path)?;
    let expected = stack.layers().count();
    ensure!(
        found.len() == expected,
        "{shown} has {} layers of weights, but the network has {expected} (set model.hidden to the widths of the file)",
        found.len()
    );
    let mut parameters: Vec<f32> = Vec::with_capacity(stack.n_parameters());
    for (k, (layer, (kernel, bias))) in stack.layers().zip(&found).enumerate() {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        ensure!(
            kernel.dim() == (inputs, outputs) && bias.len() == outputs,
            "{shown}: W{0} is {1:?} and b{0} has {2} numbers, but layer {0} of the network has {inputs} inputs and {outputs} \
             units (set model.hidden to the widths of the file)",
            k + 1,
            kernel.dim(),
            bias.len()
        );
        parameters.extend(kernel.iter().chain(bias));
    }
    if let Some(place) = parameters.iter().position(|value| !value.is_finite()) {
        bail!("{shown}: parameter number {place} is {}; weights must be finite", parameters[place]);
    }
    Ok(parameters)
}

/// Writes a network's parameters, in the order of its flat leaf, as the state of a `torch.nn.Sequential` of linear layers and
/// activations between them: `0.weight`, [out × in], `0.bias`, `2.weight`, …; with what is to be known about them as JSON. A convolution's
/// weights are [filters × 1 × kernel × kernel].
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, stack: &Stack, parameters: &[f32], about: &serde_json::Value) -> Result<()> {
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (k, layer) in stack.layers().enumerate() {
        let kernel = ArrayView2::from_shape((layer.inputs, layer.filters()), &parameters[layer.kernel()])?;
        let weight = kernel.t().iter().flat_map(|value| value.to_le_bytes()).collect();
        let bias = parameters[layer.biases()].iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape = match stack.patches.filter(|_| k == 0) {
            Some(patches) => vec![layer.filters(), 1, patches.kernel, patches.kernel],
            None => vec![layer.outputs, layer.inputs],
        };
        tensors.push((format!("{}.weight", 2 * k), shape, weight));
        tensors.push((format!("{}.bias", 2 * k), vec![layer.filters()], bias));
    }
    let views =
        tensors.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>>>()?;
    // One entry: several would be written in an order that changes from run to run.
    let about = HashMap::from([("infoplane".to_owned(), about.to_string())]);
    write_atomically(path, &serialize(views, Some(about))?)
}

/// The widths of the hidden layers in a file.
///
/// # Errors
/// If the file cannot be read or holds no weights.
pub fn hidden_widths(path: &Path) -> Result<Vec<usize>> {
    let layers = layers(path)?;
    Ok(layers[..layers.len() - 1].iter().map(|(kernel, _)| kernel.ncols()).collect())
}

/// Every layer of a file, at least two.
fn layers(path: &Path) -> Result<Vec<Layer>> {
    let is_safetensors = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
    if is_safetensors { of_safetensors(path) } else { of_npz(path) }
}

fn of_npz(path: &Path) -> Result<Vec<Layer>> {
    let names = arrays::names(path)?;
    let has = |k: usize| names.contains(&format!("W{k}"));
    let count = (1..=names.len()).take_while(|&k| has(k)).count();
    ensure!(count >= 2, "{} has arrays {}, but W1, b1, W2, b2, … are needed", path.display(), names.join(", "));
    let array = |name: String| arrays::open_named(path, &name)?.matrix();
    (1..=count).map(|k| Ok(single(array(format!("W{k}"))?, array(format!("b{k}"))?))).collect()
}

fn of_safetensors(path: &Path) -> Result<Vec<Layer>> {
    let shown = path.display();
    let names = arrays::names(path)?;
    let mut modules: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".weight")).collect();
    // layers.2 comes before layers.10.
    modules.sort_by_key(|module| {
        let parts = module.split('.').map(|part| (part.parse::<u64>().unwrap_or(u64::MAX), part));
        parts.collect::<Vec<_>>()
    });
    ensure!(
        modules.len() >= 2,
        "{shown} has tensors {}, but ….weight and ….bias of two or more torch.nn.Linear layers are needed",
        names.join(", ")
    );
    modules
        .into_iter()
        .map(|module| {
            let kernel = arrays::open_named(path, &format!("{module}.weight"))?.matrix()?;
            let bias = arrays::open_named(path, &format!("{module}.bias"))
                .and_then(arrays::Array::matrix)
                .with_context(|| format!("the layer {module} needs a bias"))?;
            Ok(single(kernel.reversed_axes(), bias))
        })
        .collect()
}

/// A kernel and its biases in single precision.
fn single(kernel: Array2<f64>, bias: Array2<f64>) -> Layer {
    (kernel.mapv(|value| value as f32), bias.iter().map(|&value| value as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PyTorch-like file of eleven layers 2-3-…-3-2, so that 10 must not come before 2.
    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let widths: Vec<usize> = [vec![2], vec![3; 10], vec![2]].concat();
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (k, pair) in widths.windows(2).enumerate() {
            let bytes = |from: f32, count: usize| -> Vec<u8> {
                (0..count).flat_map(|i| (from + i as f32).to_le_bytes()).collect()
            };
            tensors.push((
                format!("net.{k}.weight"),
                vec![pair[1], pair[0]],
                bytes(k as f32 * 100.0, pair[0] * pair[1]),
            ));
            tensors.push((format!("net.{k}.bias"), vec![pair[1]], bytes(k as f32 * 100.0 + 50.0, pair[1])));
        }
        let views = tensors
            .iter()
            .map(|(name, shape, data)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, serialize(views, None).unwrap()).unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read() {
        let stack = Stack::new(vec![3, 4, 2], infoplane_model::Activation::Tanh);
        let parameters: Vec<f32> = (0..stack.n_parameters()).map(|k| (k as f32).sin() / 3.0).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        write(&path, &stack, &parameters, &"about".into()).unwrap();
        assert_eq!(read(&path, &stack).unwrap(), parameters);
        assert_eq!(arrays::names(&path).unwrap(), ["0.bias", "0.weight", "2.bias", "2.weight"]);
    }

    #[test]
    fn linear_layers_of_pytorch_are_transposed_and_in_order() {
        let (_folder, path) = file();
        assert_eq!(hidden_widths(&path).unwrap(), vec![3; 10]);
        let layers = layers(&path).unwrap();
        // weight is [3 × 2]: W, [2 × 3], has its columns.
        assert_eq!(layers[0].0, ndarray::array![[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]);
        assert_eq!(layers[2].1.to_vec(), [250.0, 251.0, 252.0]);
        assert_eq!(layers[10].1.to_vec(), [1050.0, 1051.0]);
        let stack = Stack::new([vec![2], vec![3; 10], vec![2]].concat(), infoplane_model::Activation::Tanh);
        assert_eq!(read(&path, &stack).unwrap().len(), stack.n_parameters());
        let other = Stack::new(vec![2, 3, 2], infoplane_model::Activation::Tanh);
        assert!(read(&path, &other).unwrap_err().to_string().contains("11 layers"));
    }
}
