//! Hugging Face .safetensors: tensors of real numbers and booleans.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors};

use super::numbers::{self, Kind};
use super::{Content, choose};

/// Reads a tensor: the one named, or the only one.
///
/// # Errors
/// If the file is damaged, has no such tensor, or it is of no plain number type.
pub fn read(path: &Path, name: Option<&str>) -> Result<Content> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|error| anyhow!("{shown} is not a safetensors file: {error}"))?;
    let names = sorted_names(&tensors);
    let name = choose(&names, name, &shown)?;
    let tensor = tensors.tensor(name).map_err(|error| anyhow!("{shown}: {error}"))?;
    let explain = || format!("cannot read the tensor {name} of {shown}");
    let kind = kind(tensor.dtype()).with_context(explain)?;
    let mut data = tensor.data();
    let values = numbers::read(&mut data, kind, false, tensor.data().len() / kind.bytes()).with_context(explain)?;
    let array = ArrayD::from_shape_vec(IxDyn(tensor.shape()), values)
        .with_context(|| format!("{shown}: the shape of {name} does not match its data"))?;
    Ok(Content::Numbers(array, kind))
}

fn kind(dtype: Dtype) -> Result<Kind> {
    Ok(match dtype {
        Dtype::F64 => Kind::F64,
        Dtype::F32 => Kind::F32,
        Dtype::F16 => Kind::F16,
        Dtype::BF16 => Kind::Bf16,
        Dtype::I64 => Kind::I64,
        Dtype::I32 => Kind::I32,
        Dtype::I16 => Kind::I16,
        Dtype::I8 => Kind::I8,
        Dtype::U64 => Kind::U64,
        Dtype::U32 => Kind::U32,
        Dtype::U16 => Kind::U16,
        Dtype::U8 => Kind::U8,
        Dtype::BOOL => Kind::Bool,
        other => bail!("the type {other:?} is not read; save it as float32 (tensor.float())"),
    })
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
