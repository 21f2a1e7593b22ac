//! Arrays from files, as matrices of finite f64: one format = one file.
//!
//! | file | formats |
//! |---|---|
//! | [`npy`] | NumPy .npy and .npz |
//! | [`csv`] | numbers separated by commas, with or without a header |
//! | [`safetensors`] | Hugging Face .safetensors |
//! | [`mat`] | MATLAB level 5 .mat |
//!
//! A file that holds several arrays takes the one named after a colon: `layers.npz:hidden1`. Nothing is allocated on the word
//! of a header: sizes are checked against the bytes there are.

pub mod csv;
pub mod mat;
pub mod npy;
pub mod safetensors;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use ndarray::{Array2, ArrayD, Axis, Ix2};

/// Files, and arrays unpacked from them, beyond this are refused rather than read.
const MOST_BYTES: u64 = 2 << 30;

/// Reads a matrix [rows × columns] by the file's extension; an array of one dimension is a column.
///
/// # Errors
/// If the file cannot be read, is not what its extension says, holds no such array, or has a number that is not finite.
pub fn read(argument: &Path) -> Result<Array2<f64>> {
    let (path, name) = split_name(argument);
    let shown = path.display();
    let size = std::fs::metadata(&path).with_context(|| format!("cannot open {shown}"))?.len();
    ensure!(size > 0, "{shown} is empty");
    ensure!(size <= MOST_BYTES, "{shown} has {size} bytes; files are read up to {MOST_BYTES}");
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.as_deref();
    if let Some(name) = name.filter(|_| ["npy", "csv"].contains(&extension.as_str())) {
        bail!("{shown} is one array, without names; leave out `:{name}`");
    }
    let matrix = match extension.as_str() {
        "npy" => npy::read_npy(&path)?,
        "npz" => npy::read_npz(&path, name)?,
        "csv" => csv::read(&path)?,
        "safetensors" => safetensors::read(&path, name)?,
        "mat" => mat::read(&path, name)?,
        _ => bail!("{shown}: files end in .npy, .npz, .csv, .safetensors or .mat; this one does not"),
    };
    ensure!(!matrix.is_empty(), "{shown} holds an empty array ({} x {})", matrix.nrows(), matrix.ncols());
    if let Some(((row, column), value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        bail!("{shown}: row {row}, column {column} is {value}; information needs finite numbers");
    }
    Ok(matrix)
}

/// Reads labels: whole numbers, one per row; a row of them is turned into a column.
///
/// # Errors
/// As [`read`], and if there is more than one column or a label is no whole number.
pub fn read_labels(argument: &Path) -> Result<Vec<i64>> {
    let matrix = read(argument)?;
    let shown = argument.display();
    ensure!(
        matrix.ncols() == 1 || matrix.nrows() == 1,
        "{shown}: labels are one number per row, but the array is {} x {}",
        matrix.nrows(),
        matrix.ncols()
    );
    matrix
        .iter()
        .enumerate()
        .map(|(row, &label)| {
            ensure!(
                label.fract() == 0.0 && label.abs() < 1e15,
                "{shown}: label {row} is {label}; labels are whole numbers"
            );
            Ok(label as i64)
        })
        .collect()
}

/// `file.npz:name` → file and name. A path that exists as it is has no name.
fn split_name(argument: &Path) -> (PathBuf, Option<String>) {
    if !argument.exists()
        && let Some(text) = argument.to_str()
        && let Some((path, name)) = text.rsplit_once(':')
        && Path::new(path).exists()
    {
        return (PathBuf::from(path), Some(name.to_owned()));
    }
    (argument.to_owned(), None)
}

/// An array of one or two dimensions as a matrix; trailing dimensions of more are flattened into columns.
fn as_matrix(array: ArrayD<f64>) -> Result<Array2<f64>> {
    let shape = array.shape().to_vec();
    match shape.as_slice() {
        [] => bail!("a single number is no array of samples"),
        [_] => Ok(array.insert_axis(Axis(1)).into_dimensionality::<Ix2>()?),
        [rows, columns @ ..] => {
            let columns: usize = columns.iter().product();
            Ok(array.as_standard_layout().into_owned().into_shape_with_order((*rows, columns))?)
        }
    }
}

/// The one array of several, or the one named.
fn choose<'a>(names: &'a [String], name: Option<&str>, shown: &str) -> Result<&'a String> {
    match (name, names) {
        (Some(name), _) => match names.iter().find(|other| *other == name) {
            Some(found) => Ok(found),
            None => bail!("{shown} has no array {name}; it has: {}", names.join(", ")),
        },
        (None, [only]) => Ok(only),
        (None, []) => bail!("{shown} holds no array"),
        (None, _) => bail!(
            "{shown} holds several arrays; name one of them, like {shown}:{} (all: {})",
            names[0],
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn error(name: &str, bytes: &[u8]) -> String {
        let (_folder, path) = written(name, bytes);
        format!("{:#}", read(&path).unwrap_err())
    }

    fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn numpy_files_of_every_plain_type() {
        let f64s: Vec<u8> = [1.0_f64, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let (_f, path) = written("a.npy", &npy("<f8", "(2, 2)", &f64s));
        assert_eq!(read(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
        let f32s: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let (_f, path) = written("a.npy", &npy("<f4", "(2,)", &f32s));
        assert_eq!(read(&path).unwrap(), array![[1.5], [-2.0]]);
        let (_f, path) = written("a.npy", &npy("|u1", "(1, 3)", &[7, 0, 255]));
        assert_eq!(read_labels(&path).unwrap(), [7, 0, 255]);
        let (_f, path) = written("a.npy", &npy("|b1", "(2,)", &[1, 0]));
        assert_eq!(read_labels(&path).unwrap(), [1, 0]);
        let i64s: Vec<u8> = [-1_i64, 5].iter().flat_map(|v| v.to_le_bytes()).collect();
        let (_f, path) = written("a.npy", &npy("<i8", "(2,)", &i64s));
        assert_eq!(read_labels(&path).unwrap(), [-1, 5]);
    }

    #[test]
    fn bad_files_are_refused_in_words() {
        let nan: Vec<u8> = [1.0_f64, f64::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert!(error("a.npy", &npy("<f8", "(2, 1)", &nan)).contains("row 1, column 0 is NaN"));
        assert!(error("a.npy", &npy("<f8", "(1000000000, 10)", &nan)).contains("a.npy"));
        assert!(error("a.npy", &npy("|O", "(2,)", b"pickle")).contains("object"));
        assert!(error("a.npy", b"\x93NUMPY").contains("a.npy"));
        let nested = b"\x93NUMPY\x01\x00\x76\x00{{'descr': '<f8', 'fortran_order': {{{{{{{{False, {'rder': {{{{{{{{{F{{{{{{{{{{ False, 'shape':(00 , ,)43 =  hape': \n(\n220,\n\n\n\n\n, ";
        assert!(error("a.npy", nested).contains("header"));
        assert!(error("a.npy", b"").contains("empty"));
        assert!(error("a.npy", &npy("<f2", "(1,)", &[0; 2])).contains("save it as float32"));
        let (_f, path) = written("a.npy", &npy("<f4", "(1,)", &[0; 4]));
        assert!(read(Path::new(&format!("{}:t", path.display()))).unwrap_err().to_string().contains("leave out `:t`"));
        assert!(error("a.npy", &npy("<c16", "(1,)", &[0; 16])).contains("c16"));
        assert!(error("a.csv", b"1,2\n3\n").contains("line 2"));
        assert!(error("a.csv", b"1,2\n3,x\n").contains("line 2, column 2"));
        assert!(error("a.csv", b"1,2\n3,inf\n").contains("row 1, column 1 is inf"));
        assert!(error("a.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}").contains("a.safetensors"));
        assert!(error("a.mat", b"MATLAB").contains("a.mat"));
        assert!(error("a.npz", b"PK").contains("a.npz"));
        assert!(error("a.txt", b"1").contains(".npy"));
        assert!(read(Path::new("no/such.npy")).is_err());
        let (_f, path) = written("y.csv", b"0\n0.5\n");
        assert!(read_labels(&path).unwrap_err().to_string().contains("label 1 is 0.5"));
    }

    #[test]
    fn csv_with_and_without_a_header() {
        assert!(error("a.csv", b",x\n0,1\n1,2\n").contains("index=False"));
        let (_f, path) = written("a.csv", b"x,y\n1,2\n3,4\n");
        assert_eq!(read(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
        let (_f, path) = written("a.csv", b" 1 , 2\n3,4\n");
        assert_eq!(read(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), place in 0_usize..200, format in 0_usize..5) {
            let extension = ["npy", "npz", "csv", "safetensors", "mat"][format];
            // Random bytes, and a valid file with some of them in it.
            let mut valid = match format {
                0 => npy("<f8", "(2, 2)", &[0; 32]),
                2 => b"a,b\n1,2\n3,4\n5,6\n".to_vec(),
                3 => [&64_u64.to_le_bytes()[..], br#"{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}        "#, &[0; 8]].concat(),
                4 => include_bytes!("../../../tests/data/var_u.mat").to_vec(),
                _ => include_bytes!("../../../tests/data/weights.npz").to_vec(),
            };
            for (offset, &byte) in bytes.iter().take(3).enumerate() {
                if let Some(there) = valid.get_mut(place + offset) {
                    *there = byte;
                }
            }
            for content in [&bytes, &valid] {
                let (_folder, path) = written(&format!("f.{extension}"), content);
                let _ = read(&path);
            }
        }
    }
}
