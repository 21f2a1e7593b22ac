//! Images in the IDX format of MNIST (LeCun, Cortes & Burges 1998): a file of images, `…images-idx3-ubyte`, and beside it one of
//! labels, `…labels-idx1-ubyte`.
//!
//! An IDX file is two zero bytes, the type of its numbers (8: unsigned bytes), how many dimensions, each as four bytes with the
//! most significant first, then the numbers. Pixels become v/255.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array2;

use super::Task;
use super::labelled::labelled;
use crate::arrays::Array;
use crate::arrays::labels::of_numbers;
use crate::arrays::source;

/// Reads the images of a file and the labels beside it.
///
/// # Errors
/// If a file cannot be read, is no IDX file of unsigned bytes, or images and labels differ in number.
pub fn load(images: &Path) -> Result<Task> {
    let labels = labels_beside(images)?;
    let (shape, pixels) = read(images)?;
    let (n, size) = (shape[0], pixels.len().checked_div(shape[0]).unwrap_or(0));
    ensure!(n > 0 && size > 0, "{} holds no images ({shape:?})", images.display());
    let labels_shown = labels.display().to_string();
    let (label_shape, label_bytes) = read(&labels)?;
    ensure!(
        label_shape.len() == 1,
        "{} should have one label for each image, but is {label_shape:?}",
        labels.display()
    );
    let shown = images.display().to_string();
    let pixels = pixels.iter().map(|&v| f64::from(f32::from(v) / 255.0)).collect();
    let inputs = Array::of_matrix(Array2::from_shape_vec((n, size), pixels)?, &shown);
    let labels: Vec<f64> = label_bytes.into_iter().map(f64::from).collect();
    labelled(super::name_of(images), inputs, of_numbers(&labels, &labels_shown)?, &shown)
}

/// The file of labels that belongs to a file of images.
pub(super) fn labels_beside(images: &Path) -> Result<PathBuf> {
    let name = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let labels = name.replace("images", "labels").replace("idx3", "idx1");
    ensure!(
        labels != name,
        "{}: files of images are named like train-images-idx3-ubyte, and their labels like train-labels-idx1-ubyte",
        images.display()
    );
    Ok(images.with_file_name(labels))
}

/// The dimensions and the bytes of a file.
fn read(path: &Path) -> Result<(Vec<usize>, Vec<u8>)> {
    let shown = path.display();
    source::check(path)?;
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let &[0, 0, kind, dimensions, ref rest @ ..] = bytes.as_slice() else {
        bail!("{shown} is no IDX file: it does not start with two zero bytes (unpack .gz files first)")
    };
    ensure!(kind == 8, "{shown}: IDX numbers of type {kind} are not read, only unsigned bytes (type 8)");
    let (sizes, data) = rest
        .split_at_checked(4 * usize::from(dimensions))
        .with_context(|| format!("{shown} ends within its {dimensions} dimensions"))?;
    let (sizes, _) = sizes.as_chunks::<4>();
    let shape: Vec<usize> = sizes.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    let expected = shape.iter().try_fold(1_usize, |all, &size| all.checked_mul(size));
    ensure!(
        !shape.is_empty() && expected == Some(data.len()),
        "{shown}: an IDX file of {shape:?} bytes, but {} follow its header",
        data.len()
    );
    Ok((shape, data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(images: &[u8], labels: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t-images-idx3-ubyte");
        std::fs::write(&path, images).unwrap();
        std::fs::write(folder.path().join("t-labels-idx1-ubyte"), labels).unwrap();
        (folder, path)
    }

    const IMAGES: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 255, 102];

    #[test]
    fn images_and_the_labels_beside_them_are_a_task() {
        let (_folder, path) = written(&IMAGES, &[0, 0, 8, 1, 0, 0, 0, 2, 1, 0]);
        let task = load(&path).unwrap();
        assert_eq!(task.inputs, ndarray::array![[0.0, 0.2], [1.0, 0.4]]);
        assert_eq!(task.joint.p_y_given_x(), ndarray::array![[0.0, 1.0], [1.0, 0.0]]);
    }

    #[test]
    fn both_files_are_what_a_run_comes_from() {
        let files = |dataset: &str| {
            let settings = serde_json::json!({
                "dataset": dataset, "labels": "soft", "i_xy_bits": 0.99, "label_noise": 0.0, "split": "random"
            });
            serde_json::from_value::<super::super::TaskSettings>(settings).unwrap().files()
        };
        assert_eq!(files("t10k-images.idx3-ubyte")[1], Path::new("t10k-labels.idx1-ubyte"));
        assert_eq!(files("images.csv").len(), 1);
        assert!(files("").is_empty() && files("teacher:inputs=3").is_empty());
    }

    #[test]
    fn files_that_are_not_what_they_say_are_refused() {
        let refused = |images: &[u8], labels: &[u8]| {
            let (_folder, path) = written(images, labels);
            format!("{:#}", load(&path).unwrap_err())
        };
        let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 0];
        assert!(refused(&[31, 139, 8, 0], &labels).contains("unpack"));
        assert!(refused(&IMAGES[..19], &labels).contains("3 follow"));
        assert!(refused(&[0, 0, 8, 3, 0, 0, 0], &labels).contains("ends within"));
        assert!(refused(&[0, 0, 13, 1, 0, 0, 0, 0], &labels).contains("type 13"));
        assert!(
            refused(&[0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], &labels)
                .contains("0 follow")
        );
        // No images, of a size beyond any memory.
        let none = [&[0, 0, 8, 3, 0, 0, 0, 0][..], &[255; 8]].concat();
        assert!(refused(&none, &labels).contains("no images"));
        assert!(refused(&IMAGES, &[0, 0, 8, 1, 0, 0, 0, 1, 1]).contains("2 labels"));
        assert!(load(Path::new("digits.idx")).unwrap_err().to_string().contains("named like"));
    }
}
