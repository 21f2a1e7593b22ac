//! MNIST's format: a file of images and its file of labels, as a task. The first two bytes say how long the first file is.
#![no_main]

use infoplane_experiments::tasks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&length, files)) = bytes.split_first_chunk::<2>() else { return };
    let (images, labels) = files.split_at(files.len().min(usize::from(u16::from_le_bytes(length))));
    let path = infoplane_fuzz::file("images-idx3-ubyte", images);
    infoplane_fuzz::file("labels-idx1-ubyte", labels);
    let _ = tasks::idx::load(&path);
});
