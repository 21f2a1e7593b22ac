//! The caller's closure, guarded: what it returns is checked, and its panic is an error.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::layer::Layer;

/// The layers of a model over all patterns.
pub(crate) type Observe<M> = Box<dyn Fn(&M) -> Vec<Layer> + Send>;

/// The layers of a model at an epoch: at least one, each with a row for every pattern.
pub(crate) fn observed<M>(model: &M, observe: &Observe<M>, patterns: usize, epoch: usize) -> Result<Vec<Layer>, Error> {
    let layers = catch_unwind(AssertUnwindSafe(|| observe(model))).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Error::Closure { epoch, message: message.unwrap_or_else(|| "it said nothing".to_owned()) }
    })?;
    if layers.is_empty() {
        return Err(Error::NoLayers { epoch });
    }
    let rows = |layer: &Layer| layer.logits.as_ref().map_or(layer.values.nrows(), ndarray::Array2::nrows);
    match layers.iter().find(|layer| layer.values.nrows() != patterns || rows(layer) != patterns) {
        Some(layer) => Err(Error::Rows { layer: layer.name.clone(), rows: rows(layer), patterns, epoch }),
        None => Ok(layers),
    }
}
