//! The folder of a run, as every question's: tables, the bound where it is known, the plane as a picture, `run.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use burn::module::Module;
use infoplane_experiments::bound::{CurveRow, drawn_curve};
use infoplane_experiments::drawing::{Drawing, FigureStyle};
use infoplane_experiments::figures;
use infoplane_experiments::jobs::seal;
use infoplane_experiments::quoting;
use infoplane_experiments::results::{Results, RunRecord};
use infoplane_experiments::rows::{GradientRow, InformationRow, Table as _, TrainingRow};
use infoplane_experiments::sources::Sources;
use infoplane_experiments::trajectories::{self, Trajectory};
use toml::{Table, Value};

use crate::gradients::modules;
use crate::measurement::Measurement;
use crate::plane::Plane;
use crate::record::{Record, Tables};

/// The folder, and since when it is written.
#[derive(Debug)]
pub(crate) struct Folder {
    results: Results,
    started: Instant,
}

impl Folder {
    /// Claims a folder for a plane of a model.
    ///
    /// # Errors
    /// If it belongs to another run, or cannot be made.
    pub fn claim<M: Module>(folder: &Path, plane: &Plane, measurement: &Measurement, model: &M) -> Result<Self> {
        let config = configuration(plane, measurement, model);
        let results = Results::claim(folder.to_owned(), &config, Sources::new())?;
        Ok(Self { results, started: Instant::now() })
    }

    /// Writes the tables as they are. A run that was complete is not until they all are again.
    pub fn write_tables(&self, tables: &Tables) -> Result<()> {
        let run = self.results.file("run.json");
        match fs::remove_file(&run) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", run.display()));
            }
            _ => (),
        }
        self.results.write(&tables.information)?;
        if !tables.training.is_empty() {
            self.results.write(&tables.training)?;
        }
        if !tables.gradients.is_empty() {
            self.results.write(&tables.gradients)?;
        }
        Ok(())
    }

    /// The tables of the folder up to an epoch.
    pub fn read_tables(&self, epoch: usize) -> Result<Tables> {
        let mut tables = Tables {
            information: self.results.rows_if_there()?,
            training: self.results.rows_if_there()?,
            gradients: self.results.rows_if_there()?,
        };
        tables.information.retain(|row| row.epoch <= epoch);
        tables.training.retain(|row| row.epoch <= epoch);
        tables.gradients.retain(|row| row.epoch <= epoch);
        anyhow::ensure!(
            !tables.information.is_empty(),
            "{} has no plane up to epoch {epoch} to go on from: `.record_plane_and_save` writes it beside the checkpoints; name the folder of \
             the run that made them",
            self.results.folder().display()
        );
        Ok(tables)
    }

    /// Writes the whole run.
    pub fn complete(&self, record: &Record, measurement: &Measurement) -> Result<()> {
        let results = &self.results;
        self.write_tables(&record.tables)?;
        let curve = drawn_curve(&measurement.condition.dataset, &measurement.joint);
        if !curve.is_empty() {
            results.write(&curve)?;
        }
        let paths = trajectories::collect(&record.tables.information);
        let paths: Vec<_> = paths.iter().flat_map(Trajectory::rows).collect();
        if let Some(first) = measurement.methods.first() {
            let drawing = Drawing { folder: results.folder(), style: FigureStyle::Paper };
            figures::paths::draw(&paths, &measurement.names, &curve, &first.to_string(), drawing)?;
        }
        let (seeds, device) = ([measurement.seed], results.config()["compute"]["backend"].as_str().unwrap_or_default());
        let wall = self.started.elapsed();
        let mut run = RunRecord::new("custom", device.to_owned(), 1, wall, &seeds, &record.notes, results.config());
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        run.command = words.map(|word| quoting::shell(&word).into_owned()).collect::<Vec<_>>().join(" ");
        let tables = [InformationRow::FILE, TrainingRow::FILE, GradientRow::FILE, CurveRow::FILE].into_iter();
        run.tables = seal::sums(results.folder(), tables.map(str::to_owned)).context("cannot read the tables")?;
        results.complete(&run)
    }
}

/// What the folder belongs to. `layers` and `modules` are what the numbers in the column `layer` of `information_plane.csv` and of
/// `gradients.csv` stand for.
fn configuration<M: Module>(plane: &Plane, measurement: &Measurement, model: &M) -> BTreeMap<&'static str, Table> {
    let backend = model.devices().first().map_or_else(|| "unknown".to_owned(), |device| format!("{device:?}"));
    let list = |names: &[String]| Value::Array(names.iter().cloned().map(Value::String).collect());
    let number = |count: usize| Value::Integer(count as i64);
    let plane = Table::from_iter([
        ("dataset".to_owned(), Value::String(plane.dataset.clone())),
        ("patterns".to_owned(), number(plane.joint.n_x())),
        ("classes".to_owned(), number(plane.joint.n_y())),
        ("layers".to_owned(), list(&measurement.names)),
        ("estimators".to_owned(), list(&plane.estimators)),
        ("epochs".to_owned(), Value::String(plane.epochs.to_string())),
        ("condition".to_owned(), Value::String(plane.condition.clone())),
        ("activation".to_owned(), Value::String(plane.activation.clone())),
        ("train_fraction".to_owned(), Value::Float(measurement.condition.train_fraction)),
        ("replica".to_owned(), number(plane.replica)),
        ("seed".to_owned(), Value::String(plane.seed.to_string())),
    ]);
    let model = Table::from_iter([
        ("modules".to_owned(), list(&modules(model))),
        ("parameters".to_owned(), number(model.num_params())),
    ]);
    let compute = Table::from_iter([("backend".to_owned(), Value::String(backend))]);
    BTreeMap::from([("plane", plane), ("model", model), ("compute", compute)])
}
