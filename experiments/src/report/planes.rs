//! Every network's path through the information plane, packed for the page.
//!
//! Information is kept in thousandths of a bit, as 16-bit integers [quantity × layer × replica × epoch] (quantity 0: I(X;T),
//! 1: I(T;Y)), each replaced by its difference from the epoch before, deflated (RFC 1951) and written in base64. A number that
//! is missing or not finite is `MISSING`. Where all paths together are longer than `MOST_BYTES`, every second network of
//! the longest run is left out, and again until they fit; where few networks are left, epochs. The page says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::found::Run;

/// Stands for a number that is not there.
pub const MISSING: i16 = i16::MIN;
/// Steps in a bit.
pub const STEPS_PER_BIT: f64 = 1000.0;
/// Of base64, over all runs.
const MOST_BYTES: usize = 1_900_000;
/// Runs of no more networks are thinned by epochs.
const FEW_NETWORKS: usize = 4;

/// The paths of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Planes {
    /// The run's name.
    pub run: String,
    /// Its question.
    pub question: String,
    /// Where it was trained.
    pub backend: String,
    /// Every how manieth network is here.
    pub every_network: usize,
    /// Every how manieth recorded epoch is here.
    pub every_epoch: usize,
    /// Lists of epochs that groups share.
    pub epochs: Vec<Vec<u32>>,
    /// A group of networks through one estimator each.
    pub groups: Vec<Group>,
}

/// The paths of one condition's networks through one estimator.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // the columns of information_plane.csv
pub struct Group {
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: String,
    pub estimator: String,
    /// How many layers.
    pub layers: usize,
    /// The networks' numbers.
    pub replicas: Vec<u32>,
    /// Which list of epochs.
    pub epochs: usize,
    /// Packed.
    pub paths: String,
}

/// What identifies a group, and its points, before packing.
#[derive(Debug, Default)]
struct Unpacked {
    dataset: String,
    architecture: String,
    condition: String,
    activation: String,
    train_fraction: String,
    estimator: String,
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy)]
struct Point {
    replica: u32,
    epoch: u32,
    layer: usize,
    i_xt: i16,
    i_ty: i16,
}

/// A row of information_plane.csv, or of layers.csv.
#[derive(Deserialize)]
struct PlaneRow<'a> {
    dataset: &'a str,
    architecture: &'a str,
    condition: &'a str,
    activation: &'a str,
    train_fraction: &'a str,
    replica: u32,
    epoch: u32,
    layer: usize,
    #[serde(alias = "encoder")]
    estimator: &'a str,
    #[serde(default)]
    control: Option<&'a str>,
    i_xt_bits: f64,
    i_ty_bits: f64,
}

/// Packs the paths of runs that have them.
///
/// # Errors
/// If a file cannot be read or is damaged.
pub fn pack(runs: &[&Run]) -> Result<Vec<Planes>> {
    pack_within(runs, MOST_BYTES)
}

fn pack_within(runs: &[&Run], most_bytes: usize) -> Result<Vec<Planes>> {
    let read: Vec<Vec<Unpacked>> = runs.iter().map(|run| read(run)).collect::<Result<_>>()?;
    let mut thinning = vec![(1, 1); runs.len()];
    let packed = |k: usize, (networks, epochs): (usize, usize)| planes(runs[k], &read[k], networks, epochs);
    let mut planes: Vec<Planes> = (0..runs.len()).map(|k| packed(k, thinning[k])).collect::<Result<_>>()?;
    while planes.iter().map(Planes::bytes).sum::<usize>() > most_bytes {
        let Some(longest) = (0..planes.len()).max_by_key(|&k| planes[k].bytes()) else { break };
        let most_networks = planes[longest].groups.iter().map(|group| group.replicas.len()).max().unwrap_or(0);
        let most_epochs = planes[longest].epochs.iter().map(Vec::len).max().unwrap_or(0);
        if most_networks > FEW_NETWORKS {
            thinning[longest].0 *= 2;
        } else if most_epochs > 2 {
            thinning[longest].1 *= 2;
        } else {
            break;
        }
        planes[longest] = packed(longest, thinning[longest])?;
    }
    Ok(planes)
}

/// Streams the file, a row at a time: those of big runs are larger than memory should hold as text.
fn read(run: &Run) -> Result<Vec<Unpacked>> {
    let Some(path) = run.plane() else { return Ok(Vec::new()) };
    let explain = || format!("{} is damaged, or was written by another version", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let headers = reader.headers().with_context(explain)?.clone();
    let (mut groups, mut place): (Vec<Unpacked>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
    let (mut record, mut key) = (csv::StringRecord::new(), String::new());
    while reader.read_record(&mut record).with_context(explain)? {
        let row: PlaneRow = record.deserialize(Some(&headers)).with_context(explain)?;
        if row.control.is_some_and(|control| control != "layer") {
            continue;
        }
        key.clear();
        let parts = [row.dataset, row.architecture, row.condition, row.activation, row.train_fraction, row.estimator];
        for part in parts {
            key.push_str(part);
            key.push('\n');
        }
        let index = place.get(&key).copied().unwrap_or_else(|| {
            place.insert(key.clone(), groups.len());
            let [dataset, architecture, condition, activation, train_fraction, estimator] = parts.map(str::to_owned);
            let points = Vec::new();
            groups.push(Unpacked { dataset, architecture, condition, activation, train_fraction, estimator, points });
            groups.len() - 1
        });
        let PlaneRow { replica, epoch, layer, .. } = row;
        let point = Point { replica, epoch, layer, i_xt: steps(row.i_xt_bits), i_ty: steps(row.i_ty_bits) };
        groups[index].points.push(point);
    }
    Ok(groups)
}

/// Bits as whole steps.
fn steps(bits: f64) -> i16 {
    let steps = (bits * STEPS_PER_BIT).round();
    if steps.is_finite() && steps.abs() <= f64::from(i16::MAX) { steps as i16 } else { MISSING }
}

fn planes(run: &Run, groups: &[Unpacked], every_network: usize, every_epoch: usize) -> Result<Planes> {
    let mut epochs = Vec::new();
    let groups = groups
        .iter()
        .map(|group| group.pack(every_network, every_epoch, &mut epochs))
        .collect::<Result<_>>()
        .with_context(|| format!("cannot pack the information planes of {}", run.name))?;
    let backend = run.record["config"]["compute"]["backend"].as_str().unwrap_or("unknown").to_owned();
    let (run, question) = (run.name.clone(), run.question.clone());
    Ok(Planes { run, question, backend, every_network, every_epoch, epochs, groups })
}

impl Planes {
    fn bytes(&self) -> usize {
        self.groups.iter().map(|group| group.paths.len()).sum()
    }
}

impl Unpacked {
    fn pack(&self, every_network: usize, every_epoch: usize, lists: &mut Vec<Vec<u32>>) -> Result<Group> {
        let distinct = |of: fn(&Point) -> u32| self.points.iter().map(of).collect::<BTreeSet<u32>>();
        let replicas: Vec<u32> = distinct(|p| p.replica).into_iter().step_by(every_network).collect();
        let all: Vec<u32> = distinct(|p| p.epoch).into_iter().collect();
        let mut epochs: Vec<u32> = all.iter().copied().step_by(every_epoch).collect();
        if epochs.last() != all.last() {
            epochs.extend(all.last());
        }
        let layers = self.points.iter().map(|p| p.layer).max().unwrap_or(0);
        let mut values = vec![MISSING; 2 * layers * replicas.len() * epochs.len()];
        for point in &self.points {
            let (Ok(r), Ok(e)) = (replicas.binary_search(&point.replica), epochs.binary_search(&point.epoch)) else {
                continue;
            };
            let layer = point.layer.checked_sub(1).ok_or_else(|| anyhow!("layers count from 1, and one is 0"))?;
            for (quantity, value) in [point.i_xt, point.i_ty].into_iter().enumerate() {
                values[((quantity * layers + layer) * replicas.len() + r) * epochs.len() + e] = value;
            }
        }
        let list = lists.iter().position(|list| *list == epochs).unwrap_or_else(|| {
            lists.push(epochs.clone());
            lists.len() - 1
        });
        Ok(Group {
            dataset: self.dataset.clone(),
            architecture: self.architecture.clone(),
            condition: self.condition.clone(),
            activation: self.activation.clone(),
            train_fraction: self.train_fraction.clone(),
            estimator: self.estimator.clone(),
            layers,
            paths: squeeze(&values, epochs.len())?,
            replicas,
            epochs: list,
        })
    }
}

/// Differences along each path, deflated, in base64.
fn squeeze(values: &[i16], path: usize) -> Result<String> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    for path in values.chunks(path.max(1)) {
        let mut before = 0_i16;
        for &value in path {
            deflate.write_all(&value.wrapping_sub(before).to_le_bytes())?;
            before = value;
        }
    }
    Ok(STANDARD.encode(deflate.finish()?))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Read;

    use super::*;

    fn run(folder: &std::path::Path, networks: u32) -> Run {
        let mut text = "dataset,architecture,condition,activation,train_fraction,replica,seed,epoch,layer,estimator,\
                        i_xt_bits,i_ty_bits\n"
            .to_owned();
        for (replica, epoch, layer) in
            (0..networks).flat_map(|r| [0, 7].into_iter().flat_map(move |e| (1..3).map(move |l| (r, e, l))))
        {
            let bits =
                if (replica, epoch, layer) == (1, 7, 2) { f64::INFINITY } else { f64::from(replica + epoch) / 7.0 };
            writeln!(text, "d,2-1,c,tanh,0.5,{replica},1,{epoch},{layer},e,{bits},0.12345").unwrap();
        }
        std::fs::write(folder.join("information_plane.csv"), text).unwrap();
        let record = serde_json::json!({"config": {"compute": {"backend": "flex"}}});
        Run { name: "n".to_owned(), folder: folder.to_owned(), question: "rq1".to_owned(), record }
    }

    fn unpack(group: &Group, epochs: usize) -> Vec<i16> {
        let mut bytes = Vec::new();
        let packed = STANDARD.decode(&group.paths).unwrap();
        flate2::read::DeflateDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
        let mut values: Vec<i16> = bytes.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        for path in values.chunks_mut(epochs) {
            for e in 1..epochs {
                path[e] = path[e].wrapping_add(path[e - 1]);
            }
        }
        values
    }

    #[test]
    fn paths_come_back_to_a_thousandth_of_a_bit() {
        let folder = tempfile::tempdir().unwrap();
        let planes = pack(&[&run(folder.path(), 2)]).unwrap();
        let group = &planes[0].groups[0];
        assert_eq!((group.layers, &group.replicas[..], &planes[0].epochs[0][..]), (2, &[0, 1][..], &[0, 7][..]));
        let expected = [0, 1000, 143, 1143, 0, 1000, 143, MISSING, 123, 123, 123, 123, 123, 123, 123, 123];
        assert_eq!(unpack(group, 2), expected);
    }

    #[test]
    fn what_does_not_fit_is_thinned_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path(), 40);
        let whole = pack(&[&run]).unwrap()[0].bytes();
        let planes = &pack_within(&[&run], whole / 2).unwrap()[0];
        assert!(planes.bytes() <= whole / 2 && planes.every_network > 1);
        assert_eq!(planes.groups[0].replicas.len(), 40_usize.div_ceil(planes.every_network));
    }
}
