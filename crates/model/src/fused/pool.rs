//! Buffers used again: a training step makes the same tensors over and over, and fresh pages cost more than the arithmetic.
//!
//! One pool per thread, by length. Contents of a taken buffer are whatever was left there: every kernel writes all of it.

use std::cell::RefCell;
use std::collections::HashMap;

use burn::backend::flex::FlexTensor;

/// Buffers kept of one length; a step holds fewer.
const MOST: usize = 8;

thread_local! {
    static POOL: RefCell<HashMap<usize, Vec<Vec<f32>>>> = RefCell::new(HashMap::new());
}

/// A buffer of this length, with unspecified numbers in it.
pub fn take(length: usize) -> Vec<f32> {
    POOL.with_borrow_mut(|pool| pool.get_mut(&length).and_then(Vec::pop)).unwrap_or_else(|| vec![0.0; length])
}

/// Gives a buffer back.
pub fn give(buffer: Vec<f32>) {
    POOL.with_borrow_mut(|pool| {
        let kept = pool.entry(buffer.len()).or_default();
        if kept.len() < MOST {
            kept.push(buffer);
        }
    });
}

/// Gives a tensor's buffer back, if nobody else holds it.
pub(super) fn give_tensor(tensor: FlexTensor) {
    if tensor.is_unique()
        && let Ok(buffer) = tensor.into_data().try_into_vec()
    {
        give(buffer);
    }
}
