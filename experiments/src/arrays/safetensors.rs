//! Hugging Face .safetensors: tensors of real numbers and booleans.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ndarray::{Array2, ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors};

use super::{as_matrix, choose};

/// Reads a tensor: the one named, or the only one.
///
/// # Errors
/// If the file is damaged, has no such tensor, or it is of no plain number type.
pub fn read(path: &Path, name: Option<&str>) -> Result<Array2<f64>> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|error| anyhow!("{shown} is not a safetensors file: {error}"))?;
    let names = sorted_names(&tensors);
    let name = choose(&names, name, &shown)?;
    let tensor = tensors.tensor(name).map_err(|error| anyhow!("{shown}: {error}"))?;
    let data = tensor.data();
    macro_rules! numbers {
        ($type:ty) => {
            data.chunks_exact(size_of::<$type>())
                .map(|chunk| {
                    let mut bytes = [0; size_of::<$type>()];
                    bytes.copy_from_slice(chunk);
                    #[allow(clippy::cast_lossless)] // one line for all types, lossless or not
                    let value = <$type>::from_le_bytes(bytes) as f64;
                    value
                })
                .collect::<Vec<f64>>()
        };
    }
    let values = match tensor.dtype() {
        Dtype::F64 => numbers!(f64),
        Dtype::F32 => numbers!(f32),
        Dtype::I64 => numbers!(i64),
        Dtype::I32 => numbers!(i32),
        Dtype::I16 => numbers!(i16),
        Dtype::I8 => numbers!(i8),
        Dtype::U64 => numbers!(u64),
        Dtype::U32 => numbers!(u32),
        Dtype::U16 => numbers!(u16),
        Dtype::U8 | Dtype::BOOL => numbers!(u8),
        other => bail!("{shown}: {name} is of type {other:?}; f32, f64, integers and booleans are supported"),
    };
    let array = ArrayD::from_shape_vec(IxDyn(tensor.shape()), values)
        .with_context(|| format!("{shown}: the shape of {name} does not match its data"))?;
    as_matrix(array).with_context(|| format!("{shown}: {name}"))
}

/// The names of a file's tensors, sorted.
///
/// # Errors
/// If the file cannot be read or is damaged.
pub fn names(path: &Path) -> Result<Vec<String>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|error| anyhow!("{shown} is not a safetensors file: {error}"))?;
    Ok(sorted_names(&tensors))
}

fn sorted_names(tensors: &SafeTensors) -> Vec<String> {
    let mut names: Vec<String> = tensors.names().into_iter().map(ToString::to_string).collect();
    names.sort();
    names
}
