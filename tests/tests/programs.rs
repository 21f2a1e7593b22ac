//! Files that PyTorch, Keras, h5py, pandas, Octave and R wrote (tests/oracle/files), through `estimate` as a user runs it: they have the
//! numbers that NumPy's has, or are refused in a sentence that says what to write instead. And files that are larger than they look.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::arrays::{self, labels::Rows};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

static ESTIMATE: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("estimate"));

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn files(start: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(data("files")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(start));
    files.sort();
    files
}

/// The estimate of layers beside labels.
fn estimate(t: &[PathBuf], y: &Path) -> Output {
    let mut command = Command::new(&*ESTIMATE);
    command.args(["--estimator", "binning:width=0.3", "--format", "csv", "--t"]).args(t).arg("--y").arg(y);
    command.output().expect("estimate starts")
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// I(X;T) and I(T;Y) of each layer.
fn bits(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{}", said(output));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (xt, ty) = (at("i_xt_bits"), at("i_ty_bits"));
    reader.records().map(|row| row.unwrap()).map(|row| (row[xt].to_owned(), row[ty].to_owned())).collect()
}

#[test]
fn every_program_s_layer_has_the_numbers_and_the_information_of_numpy_s() {
    let (numpy, y) = (data("formats/t_f8.npy"), data("formats/y_i8.npy"));
    let expected = arrays::read(&numpy).unwrap();
    let layers = files("t_");
    assert_eq!(layers.len(), 20);
    for layer in &layers {
        assert_eq!(arrays::read(layer).unwrap(), expected, "{}", layer.display());
    }
    let of_numpy = bits(&estimate(&[numpy], &y));
    assert!(of_numpy.len() == 1 && of_numpy[0].1.parse::<f64>().unwrap() > 0.5, "{of_numpy:?}");
    assert_eq!(bits(&estimate(&layers, &y)), vec![of_numpy[0].clone(); layers.len()]);
}

#[test]
fn every_program_s_labels_are_the_same_classes() {
    let rows = Some(Rows { count: 20, under_numbers: false });
    let expected = arrays::read_labels(&data("formats/y_i8.npy"), rows).unwrap();
    let t = [data("formats/t_f8.npy")];
    let of_numpy = bits(&estimate(&t, &data("formats/y_i8.npy")));
    let labels = files("y_");
    assert_eq!(labels.len(), 8);
    for file in labels {
        assert_eq!(arrays::read_labels(&file, rows).unwrap().class, expected.class, "{}", file.display());
        assert_eq!(bits(&estimate(&t, &file)), of_numpy, "{}", file.display());
    }
}

#[test]
fn what_a_program_writes_that_is_not_read_is_refused_with_what_to_write() {
    let remedies = [
        ("no_excel_renamed.csv", "save the sheet as .csv"),
        ("no_h5py.h5", "h5py.File(\"no_h5py.h5\")"),
        ("no_keras.keras", "model.predict(x)"),
        ("no_keras.weights.h5", "h5py.File(\"no_keras.weights.h5\")"),
        ("no_matlab_v7.3.mat", "'-v7'"),
        ("no_octave.h5", "HDF5"),
        ("no_octave_binary.mat", "save -v7"),
        ("no_octave_cell.mat", "cell2mat"),
        ("no_octave_struct.mat", "a = s.a"),
        ("no_octave_text.mat", "save -v7"),
        ("no_pandas.feather", "pd.read_feather(\"no_pandas.feather\")"),
        ("no_pandas.json", "pd.read_json(\"no_pandas.json\")"),
        ("no_pandas.parquet", "pd.read_parquet(\"no_pandas.parquet\")"),
        ("no_pandas.pkl", "frame.to_csv"),
        ("no_pandas.xlsx", "save the sheet as .csv"),
        ("no_pandas_index.csv", "index=False"),
        ("no_pandas_renamed.npy", "np.save(\"t.npy\", array)"),
        ("no_r.RData", "row.names = FALSE"),
        ("no_r.rds", "row.names = FALSE"),
        ("no_r_decimal_comma.csv", "written with a point"),
        ("no_r_plain.rds", "row.names = FALSE"),
        ("no_r_renamed.csv.gz", "row.names = FALSE"),
        ("no_r_row_names.csv", "row.names = FALSE"),
        ("no_r_row_names.txt", "row.names = FALSE"),
        ("no_torch.pt", "tensor.detach()"),
        ("no_torch_old.pt", "tensor.detach()"),
        ("no_torch_renamed.npz", "tensor.detach()"),
        ("no_torch_state.pth", "safetensors.torch.save_file"),
    ];
    let unread: Vec<String> =
        files("no_").iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(unread, remedies.map(|(name, _)| name.to_owned()));
    for (name, remedy) in remedies {
        let output = estimate(&[data("files").join(name)], &data("formats/y_i8.npy"));
        let text = said(&output);
        assert!(!output.status.success() && text.contains(remedy) && text.contains(name), "{name}: {text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{name}: {text}");
    }
    // As labels, too, and without the name that gives it away.
    let folder = tempfile::tempdir().unwrap();
    let nameless = folder.path().join("labels");
    fs::copy(data("files/no_torch.pt"), &nameless).unwrap();
    let output = estimate(&[data("formats/t_f8.npy")], &nameless);
    assert!(!output.status.success() && said(&output).contains("torch.save"), "{}", said(&output));
    fs::copy(data("files/t_torch.npz"), &nameless).unwrap();
    let output = estimate(&[nameless], &data("formats/y_i8.npy"));
    assert!(!output.status.success() && said(&output).contains("end in .npz"), "{}", said(&output));
}

/// A few kilobytes that unpack to gigabytes are refused with less memory than a tenth of them.
#[cfg(target_os = "linux")]
#[test]
fn packed_bombs_are_refused_before_they_are_held() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |file: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 1000000; exec \"$@\"", "sh"]).arg(&*ESTIMATE);
        command.args(["--estimator", "ksg", "--pair"]).args([file, file]);
        let output = command.env("RAYON_NUM_THREADS", "2").output().unwrap();
        assert!(!output.status.success());
        said(&output)
    };
    // The same member again and again: 2 GiB of rows of two numbers, and a single endless row.
    for (name, part, remedy) in [
        ("rows.csv.gz", "0,0\n".repeat(1 << 22), "more than 268435456 numbers"),
        ("row.csv.gz", "0,".repeat(1 << 23), "more than 268435456 numbers"),
        ("comments.txt.gz", format!("# {}\n", "-".repeat(1 << 24)), "more than 2147483648 bytes"),
    ] {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        member.write_all(part.as_bytes()).unwrap();
        let member = member.finish().unwrap();
        let bomb = folder.path().join(name);
        fs::write(&bomb, member.repeat(1 + (2 << 30) / part.len())).unwrap();
        assert!(fs::metadata(&bomb).unwrap().len() < 4 << 20);
        let text = limited(&bomb);
        assert!(text.contains(remedy) && text.contains(name), "{name}: {text}");
    }

    // Few enough cells, but all in one row.
    let wide = folder.path().join("wide.csv.gz");
    let mut packed = flate2::write::GzEncoder::new(fs::File::create(&wide).unwrap(), flate2::Compression::fast());
    packed.write_all("0,".repeat(1 << 24).as_bytes()).unwrap();
    packed.write_all(b"0\n").unwrap();
    packed.finish().unwrap();
    assert!(limited(&wide).contains("more than 1048576 columns"));

    // An archive whose array is beyond what is read, and one whose header claims more than it unpacks to.
    let zip = |name: &str, claimed: usize, there: usize| {
        let path = folder.path().join(name);
        let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        archive.start_file("t.npy", zip::write::SimpleFileOptions::default()).unwrap();
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({claimed}, 1), }}");
        archive.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
        archive.write_all(format!("{header:<117}\n").as_bytes()).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..there >> 20 {
            archive.write_all(&zeros).unwrap();
        }
        archive.finish().unwrap();
        path
    };
    let large = limited(&zip("large.npz", 300 << 20, 300 << 20));
    assert!(large.contains("large.npz") && large.contains("268435456"), "{large}");
    let short = limited(&zip("short.npz", 1 << 40, 1 << 20));
    assert!(short.contains("short.npz") && short.contains("but holds 1048576"), "{short}");
}

/// What the fuzz targets do for minutes (fuzz/), for a second: bytes changed, cut out and put in from other programs' files.
#[test]
fn damaged_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rng = &mut ChaCha8Rng::seed_from_u64(23);
    let entries = ["files", "formats"].map(|name| fs::read_dir(data(name)).unwrap()).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let whole: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let which = rng.random_range(0..paths.len());
        let mut bytes = whole[which].clone();
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..4) {
            0 => bytes.truncate(at.max(1)),
            1 => drop(bytes.drain(at..rng.random_range(at..bytes.len()))),
            2 => {
                let other = &whole[rng.random_range(0..whole.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[rng.random_range(0..other.len())..]);
            }
            _ => {
                // Headers are where it counts.
                let reach = bytes.len().min(if rng.random_bool(0.7) { 160 } else { usize::MAX });
                for _ in 0..rng.random_range(1..8) {
                    bytes[rng.random_range(0..reach)] = rng.random();
                }
            }
        }
        let damaged = folder.path().join(paths[which].file_name().unwrap());
        fs::write(&damaged, &bytes).unwrap();
        match (arrays::read(&damaged), arrays::read_labels(&damaged, None)) {
            (Err(first), Err(second)) => {
                let (first, second) = (format!("{first:#}"), format!("{second:#}"));
                assert!(!first.is_empty() && !second.is_empty());
                refused += 1;
            }
            _ => read += 1,
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused");
}
