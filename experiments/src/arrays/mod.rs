//! Arrays from files, as finite f64: one format = one file, and one reader for every program.
//!
//! | file | what |
//! |---|---|
//! | [`npy`] | NumPy .npy and .npz |
//! | [`text`], [`header`] | tables as text: .csv, .tsv, .txt, each also .gz |
//! | [`safetensors`] | Hugging Face .safetensors |
//! | [`mat`] | MATLAB .mat, levels 4 and 5 (up to -v7) |
//! | [`numbers`] | numbers of every type, none changed |
//! | [`labels`] | labels as numbers, words or one-hot |
//! | [`foreign`] | what is not read, and what to write instead |
//! | [`layers`] | many layers: files, folders, all arrays of a file, a whole training run |
//!
//! A file that holds several arrays takes the one named after a colon: `layers.npz:hidden1`. Nothing is allocated on the word
//! of a header: sizes are checked against the bytes there are. What cannot be read as it is, or could be read in two ways, is
//! refused.

pub mod foreign;
pub mod header;
pub mod labels;
pub mod layers;
pub mod mat;
pub mod npy;
pub mod numbers;
pub mod safetensors;
pub mod source;
pub mod text;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use infoplane_info::Description;
use ndarray::{Array2, ArrayD, ArrayView2, Axis, CowArray, Ix2, IxDyn};

use foreign::Foreign;
use header::First;
pub use labels::{Labels, read_labels, read_with_labels};
use numbers::Kind;
use text::Text;

/// What formats hold.
#[derive(Debug)]
pub enum Content {
    /// Numbers, and how they are stored.
    Numbers(ArrayD<f64>, Kind),
    /// A word for each row.
    Words(Vec<String>),
}

/// An array, and what its file says of it. Numbers read from a file are its own; those that a caller holds may be borrowed.
#[derive(Debug, Clone)]
pub struct Array<'a> {
    /// What it is called: the file, and the name within.
    pub name: String,
    /// The numbers, as the file has them.
    pub values: CowArray<'a, f64, IxDyn>,
    /// How they are stored, like float16.
    pub stored: String,
    /// What the user should hear.
    pub notes: Vec<String>,
    /// What the first line is, of text.
    pub first: First,
    /// Of a whole training run: the array's name, and which epoch these numbers are.
    pub epoch: Option<(String, usize)>,
}

/// Samples from a file or a caller, a row for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples<'a> {
    /// The file's name, and the array's in it.
    pub name: String,
    /// [n × d], all finite.
    pub values: CowArray<'a, f64, Ix2>,
    /// Of an array of a whole training run: its name, and which epoch these rows are.
    pub epoch: Option<(String, usize)>,
    read_as: String,
}

impl Samples<'_> {
    /// Of classes: a column for each, 1 where a row is of it, else 0.
    pub fn of_classes(name: &str, labels: &Labels) -> Self {
        let is = |(row, class): (usize, usize)| f64::from(u8::from(labels.class[row] as usize == class));
        let count = labels.classes.len();
        Self {
            name: name.to_owned(),
            values: Array2::from_shape_fn((labels.class.len(), count), is).into(),
            epoch: None,
            read_as: format!("read as {count} {}, a column each", if count == 1 { "class" } else { "classes" }),
        }
    }

    /// What they look like and how they were read, in a line.
    pub fn described_as(&self, described: &Description) -> String {
        format!("{}: {described}; {}", self.name, self.read_as)
    }
}

impl<'a> Array<'a> {
    /// Numbers that are there already, and how they were stored, like float32.
    pub fn new(values: CowArray<'a, f64, IxDyn>, stored: &str, name: String) -> Self {
        Self { name, values, stored: stored.to_owned(), notes: Vec::new(), first: First::Row, epoch: None }
    }

    /// A matrix [rows × columns] of finite numbers (see [`Array::matrix`]), still borrowed if it was and lies row by row.
    fn rows(self) -> Result<CowArray<'a, f64, Ix2>> {
        let name = self.name;
        let matrix = as_matrix(self.values).with_context(|| format!("cannot take {name} for rows"))?;
        ensure!(!matrix.is_empty(), "{name} holds an empty array ({} x {})", matrix.nrows(), matrix.ncols());
        check_finite(matrix.view(), &name)?;
        Ok(matrix)
    }

    /// Rows with what is to be said of them (see [`Array::matrix`]).
    ///
    /// # Errors
    /// As [`Array::matrix`].
    pub fn samples(self) -> Result<Samples<'a>> {
        let (name, epoch, read_as) = (self.name.clone(), self.epoch.clone(), self.read_as());
        Ok(Samples { name, values: self.rows()?, epoch, read_as })
    }
}

impl Array<'_> {
    fn of_numbers(values: ArrayD<f64>, kind: Kind, name: String) -> Self {
        Self::new(values.into(), kind.name(), name)
    }

    /// An array that was made, not read.
    pub fn of_matrix(values: Array2<f64>, name: &str) -> Self {
        Self::of_numbers(values.into_dyn(), Kind::F64, name.to_owned())
    }

    /// Judges the first line of a table of numbers.
    fn of_text(text: Text, name: String) -> Result<Self> {
        ensure!(text.words.is_none(), "{name}: its last column holds words; numbers are needed");
        let first = header::judge(&text, &name)?;
        let Text { first: cells, columns, mut values, mut rows, mut notes, .. } = text;
        match first {
            First::Row => {
                let row: Result<Vec<f64>> = cells.iter().map(|cell| text::exact(cell)).collect();
                values.splice(0..0, row.with_context(|| format!("{name}: line 1"))?);
                rows += 1;
            }
            First::Numbers => {
                notes.push(format!("its first line, {}, is taken for a header", header::shortened(&cells)));
            }
            First::Names => (),
        }
        ensure!(rows > 0, "{name} holds no numbers");
        let values = ArrayD::from_shape_vec(IxDyn(&[rows, columns]), values)?;
        Ok(Self { notes, first, ..Self::new(values.into(), "text", name) })
    }

    /// A matrix [rows × columns] of finite numbers: an array of one dimension is a column, and dimensions beyond the second are
    /// flattened into columns, the last index fastest.
    ///
    /// # Errors
    /// If it is empty, a single number, or not finite somewhere.
    pub fn matrix(self) -> Result<Array2<f64>> {
        Ok(self.rows()?.into_owned())
    }

    /// What was read, in a line.
    pub fn described(&self) -> String {
        let shape = self.values.shape();
        let (rows, columns) = (shape.first().copied().unwrap_or(1), shape.iter().skip(1).product::<usize>());
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        format!("{}: {rows} row{} x {columns} column{}, {}", self.name, plural(rows), plural(columns), self.read_as())
    }

    /// How it was stored, and what was made of it: `float32 under a header; …`.
    fn read_as(&self) -> String {
        let shape = self.values.shape();
        let flattened = match shape.len() {
            ..=2 => String::new(),
            _ => format!(" ({} flattened)", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")),
        };
        let header = if self.first == First::Names { " under a header" } else { "" };
        let notes = std::iter::once("").chain(self.notes.iter().map(String::as_str)).collect::<Vec<_>>().join("; ");
        format!("{}{flattened}{header}{notes}", self.stored)
    }
}

/// Reads an array by the file's extension.
///
/// # Errors
/// If the file cannot be read, is not what its extension says, or holds no such array.
pub fn open(argument: &Path) -> Result<Array<'static>> {
    let (path, name) = source::split_name(argument);
    let shown = argument.display().to_string();
    source::check(&path)?;
    if is_text(&path, name.as_deref())? {
        return Array::of_text(text::read(&path, false)?, shown);
    }
    match content(&path, name.as_deref())? {
        Content::Numbers(values, kind) => Ok(Array::of_numbers(values, kind, shown)),
        Content::Words(_) => bail!("{shown} holds words; numbers are needed"),
    }
}

/// Reads a matrix [rows × columns] of finite numbers (see [`Array::matrix`]).
///
/// # Errors
/// As [`open`] and [`Array::matrix`].
pub fn read(argument: &Path) -> Result<Array2<f64>> {
    open(argument)?.matrix()
}

/// Reads the array of this name from a file of several.
///
/// # Errors
/// As [`open`].
pub fn open_named(path: &Path, name: &str) -> Result<Array<'static>> {
    source::check(path)?;
    let shown = format!("{}:{name}", path.display());
    match content(path, Some(name))? {
        Content::Numbers(values, kind) => Ok(Array::of_numbers(values, kind, shown)),
        Content::Words(_) => bail!("{shown} holds words; numbers are needed"),
    }
}

/// The shape of an array, where it can be had without its numbers.
///
/// # Errors
/// As [`open`].
pub fn shape(argument: &Path) -> Result<Option<Vec<usize>>> {
    let (path, name) = source::split_name(argument);
    source::check(&path)?;
    match source::extension(&path).0.as_str() {
        "npy" | "npz" if !is_text(&path, name.as_deref())? => Ok(Some(npy::shape(&path, name.as_deref())?)),
        _ => Ok(None),
    }
}

/// The names of a file's arrays; none of a file that has one array without a name.
///
/// # Errors
/// If it cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>> {
    source::check(path)?;
    match source::extension(path).0.as_str() {
        "npz" => npy::names(path),
        "safetensors" => safetensors::names(path),
        "mat" => mat::names(path),
        _ => Ok(Vec::new()),
    }
}

/// Whether a file is a table of text, by its extension.
///
/// # Errors
/// If an array of it is named, which has none.
fn is_text(path: &Path, name: Option<&str>) -> Result<bool> {
    let (end, packed) = source::extension(path);
    let is_text = ["csv", "tsv", "txt"].contains(&end.as_str());
    if let Some(name) = name.filter(|_| is_text || end == "npy") {
        bail!("{} is one array, without names; leave out `:{name}`", path.display());
    }
    let foreign = Foreign::of_name(&end).is_some();
    ensure!(is_text || foreign || !packed, "{}: unpack it first (gunzip); only text is read packed", path.display());
    Ok(is_text)
}

/// Reads a file that is no text.
fn content(path: &Path, name: Option<&str>) -> Result<Content> {
    match source::extension(path).0.as_str() {
        "npy" => npy::read_npy(path),
        "npz" => npy::read_npz(path, name),
        "safetensors" => safetensors::read(path, name),
        "mat" => mat::read(path, name),
        end => match Foreign::of_name(end) {
            Some(foreign) => bail!("{}: {}", path.display(), foreign.remedy(path)),
            None => bail!(
                "{}: files end in .npy, .npz, .csv, .tsv, .txt (each also .gz), .safetensors or .mat; this one does not",
                path.display()
            ),
        },
    }
}

/// Refuses what is not finite.
fn check_finite(matrix: ArrayView2<f64>, shown: &str) -> Result<()> {
    if matrix.fold(true, |all, value| all & value.is_finite()) {
        return Ok(());
    }
    match matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), value)) => {
            bail!("{shown}: row {row}, column {column} is {value}; information needs finite numbers")
        }
        None => Ok(()),
    }
}

/// An array of one or two dimensions as a matrix; trailing dimensions of more are flattened into columns.
fn as_matrix(array: CowArray<f64, IxDyn>) -> Result<CowArray<f64, Ix2>> {
    let shape = array.shape().to_vec();
    match shape.as_slice() {
        [] => bail!("a single number is no array of samples"),
        [_] => Ok(array.insert_axis(Axis(1)).into_dimensionality::<Ix2>()?),
        [rows, columns @ ..] => {
            let columns: usize = columns.iter().product();
            let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned().into() };
            Ok(array.into_shape_with_order((*rows, columns))?)
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
    use super::labels::Rows;
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;
    use std::path::PathBuf;

    fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn labels(path: &Path) -> Vec<String> {
        let labels = read_labels(path, None).unwrap();
        labels.class.iter().map(|&class| labels.classes[class as usize].clone()).collect()
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
        assert_eq!(labels(&path), ["7", "0", "255"]);
        let (_f, path) = written("a.npy", &npy("|b1", "(2,)", &[1, 0]));
        assert_eq!(labels(&path), ["1", "0"]);
        let i64s: Vec<u8> = [-1_i64, 5].iter().flat_map(|v| v.to_le_bytes()).collect();
        let (_f, path) = written("a.npy", &npy("<i8", "(2,)", &i64s));
        assert_eq!(labels(&path), ["-1", "5"]);
        let (_f, path) = written("a.npy", &npy("<f2", "(1,)", &[0x00, 0x3e]));
        assert_eq!(read(&path).unwrap(), array![[1.5]]);
        let (_f, path) = written("a.npy", &npy("|S3", "(2,)", b"catox\0"));
        assert_eq!(labels(&path), ["cat", "ox"]);
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
        assert!(error("a.npy", &npy("<f4", "(1,)", &[0; 8])).contains("np.savez"));
        let (_f, path) = written("a.npy", &npy("<f4", "(1,)", &[0; 4]));
        assert!(read(Path::new(&format!("{}:t", path.display()))).unwrap_err().to_string().contains("leave out `:t`"));
        assert!(error("a.npy", &npy("<c16", "(1,)", &[0; 16])).contains("c16"));
        assert!(error("a.csv", b"1,2\n3\n").contains("line 2"));
        assert!(error("a.csv", b"1,2\n3,x\n").contains("line 2, column 2"));
        assert!(error("a.csv", b"1,2\n3,inf\n").contains("row 1, column 1 is inf"));
        assert!(error("a.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}").contains("a.safetensors"));
        assert!(error("a.mat", b"MATLAB").contains("a.mat"));
        assert!(error("a.npz", b"PK").contains("a.npz"));
        assert!(error("a.dat", b"1").contains(".npy"));
        assert!(error("a.pt", b"1").contains("np.save"));
        assert!(error("a.npy.gz", b"1").contains("gunzip"));
        assert!(read(&std::env::temp_dir()).unwrap_err().to_string().contains("folder"));
        assert!(read(Path::new("no/such.npy")).is_err());
        let (_f, path) = written("y.csv", b"0\n0.5\n");
        assert!(read_labels(&path, None).unwrap_err().to_string().contains("label 1 is 0.5"));
    }

    #[test]
    fn csv_with_and_without_a_header() {
        assert!(error("a.csv", b",x\n0,1\n1,2\n").contains("index=False"));
        let (_f, path) = written("a.csv", b"x,y\n1,2\n3,4\n");
        assert_eq!(read(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
        let same: [(&str, &[u8]); 11] = [
            ("a.csv", b" 1 , 2\n3,4\n"),
            ("a.csv", b"\xef\xbb\xbf1,2\r\n3,4"),
            ("a.csv", b"\"x, y\",z\n1,2\n3,4\n"),
            ("a.csv", b"# made by hand\n1,2\n\n3,4\n\n"),
            ("a.csv", b"1;2\n3;4\n"),
            ("a.tsv", b"x\ty\n1\t2\n3\t4\n"),
            ("a.txt", b"  1   2\n 3 4 \n"),
            ("a.txt", b"\"x\" \"y\"\n1 2\n3 4\n"),
            ("a.csv", b"\"1\",\"2\"\n1,2\n3,4\n"),
            ("a.csv", b"1,2\n3,4\n"),
            ("a.csv", b"True,2\n3,4\n"),
        ];
        for (name, bytes) in same {
            let (_f, path) = written(name, bytes);
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(read(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]], "{text}");
        }
    }

    #[test]
    fn a_header_of_numbers_is_recognised_and_said_or_refused() {
        let rows = |cells: &str| format!("{cells}\n").repeat(8);
        let shape = |first: &str, cells: &str| {
            let (_f, path) = written("a.csv", format!("{first}\n{}", rows(cells)).as_bytes());
            open(&path).map(|array| (array.values.shape().to_vec(), array.notes.len()))
        };
        for (first, cells) in
            [("0,1,2", "0.5,1.5,7"), ("1,2,3", "0.5,1.5,2e3"), ("0,1,2,0", "0.5,1.5,2.5,1"), ("0,1,label", "3,4,5")]
        {
            let columns = first.split(',').count();
            assert_eq!(shape(first, cells).unwrap(), (vec![8, columns], 1), "{first}");
        }
        for (first, cells) in [("0,1,2", "0,1,2"), ("0", "0.5"), ("0,1", "3,4"), ("400,410,450", "0.5,1.5,2.5")] {
            let error = shape(first, cells).unwrap_err().to_string();
            assert!(error.contains("may be a header"), "{first}: {error}");
        }
        for (first, cells) in
            [("0,0,0", "0.5,1.5,2.5"), ("0,1,0,1", "1,1,0,0"), ("0.0,1.0", "3,4"), ("0", "1"), ("2,3", "0,0")]
        {
            let columns = first.split(',').count();
            assert_eq!(shape(first, cells).unwrap(), (vec![9, columns], 0), "{first}");
        }
    }

    #[test]
    fn what_merges_in_double_precision_is_refused_or_named() {
        assert!(error("a.csv", b"9007199254740993\n1\n").contains("2^53"));
        assert!(error("a.csv", b"1\n9007199254740993\n").contains("2^53"));
        let (_f, path) = written("a.csv", b"1\n1700000000.12345678901\n1700000000.12345678902\n");
        assert!(open(&path).unwrap().notes[0].contains("one number"));
    }

    #[test]
    fn labels_are_read_as_people_write_them() {
        let of = |name: &str, bytes: &[u8], rows: usize| {
            let (_f, path) = written(name, bytes);
            let rows = Rows { count: rows, under_numbers: false };
            read_labels(&path, Some(rows)).map(|labels| (labels.class, labels.classes))
        };
        let same = |name: &str, bytes: &[u8], rows: usize| of(name, bytes, rows).unwrap();
        assert_eq!(same("y.csv", b"-1\n1\n1.0\n", 3), (vec![0, 1, 1], vec!["-1".to_owned(), "1".to_owned()]));
        assert_eq!(same("y.csv", b"cat\nox\n", 2).1, ["cat", "ox"]);
        assert_eq!(same("y.csv", b"species\nox\ncat\n", 2).0, [1, 0]);
        assert_eq!(same("y.csv", b"0,1,0\n1,0,0\n0,0,1\n", 3).0, [1, 0, 2]);
        assert_eq!(same("y.csv", b"label\n3\n3\n", 2).0, [0, 0]);
        assert!(of("y.csv", b"0\n1\n1\n", 2).unwrap_err().to_string().contains("header"));
        assert!(of("y.csv", b"cat\n\nox\n", 2).unwrap_err().to_string().contains("line 2 is empty"));
        assert!(of("y.csv", b"cat\nNA\ncat\n", 3).is_err());
        assert!(of("y.csv", b"0.2,0.8\n0.7,0.3\n", 2).unwrap_err().to_string().contains("argmax"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), place in 0_usize..200, format in 0_usize..6) {
            let extension = ["npy", "npz", "csv", "safetensors", "mat", "txt.gz"][format];
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
                let _ = read_labels(&path, Some(Rows { count: 3, under_numbers: true }));
            }
        }
    }
}
