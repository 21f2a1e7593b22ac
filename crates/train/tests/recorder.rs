//! The recorder against our own engine, and against what users do wrong.

use std::path::Path;
use std::sync::{Arc, Mutex};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::SgdConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::checkpoint::KeepLastNCheckpoints;
use burn::train::metric::store::EventStoreClient;
use burn::train::{
    ClassificationOutput, EarlyStoppingStrategy, InferenceStep, Learner, LearningResult, SupervisedTraining,
    TrainOutput, TrainStep,
};
use infoplane_experiments::tasks::{Labelling, Task, o3};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, Sample};
use infoplane_model::random::{Purpose, stream};
use infoplane_model::{
    Activation, Backend, Initialisation, Mlp, OptimizerKind, Output, Replica, TrainSettings, Training,
};
use infoplane_train::{Epochs, Error, Layer, Plane, Quiet, RecordPlane, Recorder};
use rand::seq::SliceRandom;

const BINS: &str = "binning:width=0.07";
/// Smooth: where bins have edges, the last bit of an activation may move a pattern to the next.
const KERNELS: &str = "kde:variance=0.1";
const SEED: u64 = 3;
const BATCH: usize = 256;
const RATE: f64 = 0.1;

/// The paper's network, written with burn's own layers.
#[derive(Module, Debug)]
struct Paper {
    layers: Vec<Linear>,
}

#[derive(Clone, Debug)]
struct Batch {
    x: Tensor<2>,
    y: Tensor<1, Int>,
}

impl Paper {
    fn new(weights: &[f32], network: &Mlp, device: &Device) -> Self {
        let layers = network.stack().layers().map(|dense| {
            let part = |range: std::ops::Range<usize>| weights[range].to_vec();
            let mut linear = LinearConfig::new(dense.inputs, dense.outputs).init(device);
            let kernel = TensorData::new(part(dense.kernel()), [dense.inputs, dense.outputs]);
            linear.weight = Param::from_tensor(Tensor::from_data(kernel, device));
            let biases = TensorData::new(part(dense.biases()), [dense.outputs]);
            linear.bias = Some(Param::from_tensor(Tensor::from_data(biases, device)));
            linear
        });
        Self { layers: layers.collect() }
    }

    /// Every layer's output; the last is the logits.
    fn outputs(&self, x: Tensor<2>) -> Vec<Tensor<2>> {
        let mut t = x;
        let last = self.layers.len() - 1;
        self.layers
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                let z = layer.forward(t.clone());
                t = if index == last { z } else { z.tanh() };
                t.clone()
            })
            .collect()
    }

    fn learn(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.outputs(batch.x).pop().expect("layers");
        let log_p = activation::log_softmax(logits.clone(), 1);
        let loss = log_p.gather(1, batch.y.clone().unsqueeze_dim(1)).mean().neg();
        ClassificationOutput::new(loss, logits, batch.y)
    }
}

impl TrainStep for Paper {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.learn(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Paper {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.learn(batch)
    }
}

/// Batches in the order of our engine: each epoch has a fresh order, drawn from the replica's own stream.
struct Batches {
    inputs: Vec<Vec<f32>>,
    labels: Vec<u32>,
    order: Arc<Mutex<(Vec<u32>, rand::rngs::ChaCha8Rng)>>,
    device: Device,
}

struct Epoch(std::vec::IntoIter<Batch>);

impl Iterator for Epoch {
    type Item = Result<Batch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Ok)
    }
}

impl DataLoaderIterator<Batch> for Epoch {
    fn progress(&self) -> Progress {
        Progress { items_processed: 0, items_total: 0, unit: None }
    }
}

impl DataLoader<Batch> for Batches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Batch> + 'a> {
        let mut state = self.order.lock().unwrap();
        let (order, rng) = &mut *state;
        order.shuffle(rng);
        let batches: Vec<Batch> = order
            .chunks(BATCH)
            .map(|rows| {
                let values: Vec<f32> = rows.iter().flat_map(|&row| self.inputs[row as usize].clone()).collect();
                let x = TensorData::new(values, [rows.len(), 12]);
                let y: Vec<i32> = rows.iter().map(|&row| self.labels[row as usize] as i32).collect();
                Batch {
                    x: Tensor::from_data(x, &self.device),
                    y: Tensor::from_data(TensorData::new(y, [rows.len()]), &self.device),
                }
            })
            .collect();
        Box::new(Epoch(batches.into_iter()))
    }

    fn num_items(&self) -> usize {
        self.labels.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Batch>> {
        Arc::new(Self {
            inputs: self.inputs.clone(),
            labels: self.labels.clone(),
            order: Arc::clone(&self.order),
            device: device.clone(),
        })
    }

    fn slice(&self, _: usize, _: usize) -> Arc<dyn DataLoader<Batch>> {
        self.to_device(&self.device)
    }
}

/// All that a test needs: task, labels, our network, and where burn-train writes.
struct Case {
    task: Task,
    labels: Vec<u32>,
    train: Vec<u32>,
    network: Mlp,
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let task = o3(Labelling::Soft, 0.99).unwrap();
        let labels: Vec<u32> = (0..4096).map(|x| u32::from(task.joint.p(x, 1) > 0.5)).collect();
        let train = (0..4096).filter(|x| x % 8 != 0).collect();
        let network =
            Mlp::new(12, &[10, 7, 5, 4, 3], Activation::Tanh, Output::Softmax, 2, Initialisation::TruncatedNormal);
        Self { task, labels, train, network: network.unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn device() -> Device {
        Device::flex()
    }

    fn model(&self) -> Paper {
        Paper::new(&self.network.initial_parameters(SEED), &self.network, &Self::device().autodiff())
    }

    fn loader(&self, rows: &[u32]) -> Arc<dyn DataLoader<Batch>> {
        Arc::new(Batches {
            inputs: self.task.inputs.outer_iter().map(|row| row.to_vec()).collect(),
            labels: self.labels.clone(),
            order: Arc::new(Mutex::new((rows.to_vec(), stream(SEED, Purpose::Shuffle)))),
            device: Self::device(),
        })
    }

    fn training(&self, epochs: usize) -> SupervisedTraining<Paper> {
        SupervisedTraining::new(self.folder.path().join("burn"), self.loader(&self.train), self.loader(&[0]))
            .renderer(Box::new(Quiet))
            .with_application_logger(None)
            .num_epochs(epochs)
    }

    fn launch(&self, training: SupervisedTraining<Paper>) -> LearningResult<Paper> {
        training.launch(Learner::new(self.model(), SgdConfig::new().init(), ConstantLr::new(RATE)))
    }

    fn plane(&self) -> Plane {
        Plane::of_joint("o3", self.task.joint.clone()).estimators([BINS]).replica(0, SEED)
    }

    fn patterns(&self) -> Tensor<2> {
        let values: Vec<f32> = self.task.inputs.iter().copied().collect();
        Tensor::from_data(TensorData::new(values, [4096, 12]), &Self::device())
    }

    fn recorder(&self, plane: Plane) -> Result<Recorder<Paper>, Error> {
        let x = self.patterns();
        Recorder::new(&self.model(), plane, self.results(), move |model: &Paper| layers(model, x.clone()))
    }

    fn results(&self) -> std::path::PathBuf {
        self.folder.path().join("results")
    }
}

/// The output as class probabilities, as our engine measures it.
fn layers(model: &Paper, x: Tensor<2>) -> Vec<Layer> {
    let mut outputs = model.outputs(x);
    if let Some(logits) = outputs.pop() {
        outputs.push(activation::softmax(logits, 1));
    }
    outputs.into_iter().enumerate().map(|(index, t)| Layer::new(format!("layer {}", index + 1), t)).collect()
}

fn weights(model: &Paper) -> Vec<u32> {
    let bits = |data: TensorData| data.iter::<f32>().map(f32::to_bits).collect::<Vec<_>>();
    let layer = |layer: &Linear| {
        let biases = layer.bias.as_ref().map_or_else(Vec::new, |bias| bits(bias.val().into_data()));
        [bits(layer.weight.val().into_data()), biases].concat()
    };
    model.layers.iter().flat_map(layer).collect()
}

fn recorded(recorder: &Recorder<Paper>) -> Vec<usize> {
    let mut epochs: Vec<usize> = recorder.rows().iter().map(|row| row.epoch).collect();
    epochs.dedup();
    epochs
}

#[test]
fn the_papers_network_has_the_information_that_our_engine_measures() {
    let case = Case::new();
    let epochs = [0, 1, 2, 5, 10, 20, 40];
    let recorder =
        case.recorder(case.plane().estimators([KERNELS]).epochs(Epochs::These(epochs.into_iter().collect()))).unwrap();
    let result = case.launch(case.training(40).record_plane(&recorder));
    recorder.finish(&result).unwrap();
    assert_eq!(recorded(&recorder), epochs);

    let settings = TrainSettings {
        epochs: 40,
        batch_size: BATCH,
        shuffle: true,
        optimizer: OptimizerKind::Sgd,
        learning_rate: RATE,
        momentum: 0.0,
        weight_decay: 0.0,
        noise_batch: 0,
    };
    let block = vec![Replica { seed: SEED, train: case.train.clone(), labels: case.labels.clone() }];
    let compute = Backend::Flex.open(0).unwrap();
    let training =
        Training::new(case.network.clone(), case.task.inputs.view(), block, &settings, &epochs, &compute).unwrap();
    let kernels: EstimatorKind = KERNELS.parse().unwrap();
    let mut rows = recorder.rows().into_iter();
    let mut most = 0.0_f64;
    for snapshot in training {
        for layer in &snapshot.replicas[0].as_ref().unwrap().layers {
            let t = layer.activation.mapv(f64::from);
            let ours = kernels.estimate(&Sample::new(t.t(), &case.task.joint).unwrap()).unwrap();
            let row = rows.next().unwrap();
            assert_eq!(row.epoch, snapshot.epoch);
            most = most.max((row.i_xt_bits - ours.i_xt.bits).abs()).max((row.i_ty_bits - ours.i_ty.bits).abs());
        }
    }
    assert!(rows.next().is_none());
    println!("largest difference: {most:e} bits");
    assert!(most < 1e-4, "{most} bits");
}

#[test]
fn training_is_the_same_to_the_last_bit_with_and_without_a_recorder() {
    let case = Case::new();
    let bare = case.launch(case.training(5));
    let recorder = case.recorder(case.plane()).unwrap();
    let observed = case.launch(case.training(5).record_plane(&recorder));
    recorder.finish(&observed).unwrap();
    assert_eq!(recorded(&recorder), [0, 1, 2, 3, 4, 5]);
    assert_ne!(weights(&bare.model), weights(&case.model()));
    assert_eq!(weights(&bare.model), weights(&observed.model));
}

#[test]
fn a_panic_in_the_closure_is_an_error_and_training_goes_on() {
    let case = Case::new();
    let (x, calls) = (case.patterns(), std::cell::Cell::new(0));
    let recorder = Recorder::new(&case.model(), case.plane(), case.results(), move |model: &Paper| {
        calls.set(calls.get() + 1);
        assert!(calls.get() < 3, "no third time");
        layers(model, x.clone())
    });
    let recorder = recorder.unwrap();
    let result = case.launch(case.training(4).record_plane(&recorder));
    assert_eq!(weights(&result.model), weights(&case.launch(case.training(4)).model));
    let error = recorder.finish(&result).unwrap_err();
    assert!(matches!(error, Error::Closure { epoch: 2, .. }), "{error}");
    assert!(error.to_string().contains("no third time"), "{error}");
    assert_eq!(recorded(&recorder), [0, 1]);
}

#[test]
fn what_cannot_work_is_refused_before_training() {
    let case = Case::new();
    let unknown = case.recorder(case.plane().estimators(["bining:width=0.1"])).unwrap_err().to_string();
    assert!(unknown.contains("binning"), "{unknown}");
    let x = case.patterns();
    let halves = Recorder::new(&case.model(), case.plane(), case.results(), move |model: &Paper| {
        layers(model, x.clone().slice([0..2048]))
    });
    let error = halves.unwrap_err().to_string();
    assert!(error.contains("2048 rows for 4096 patterns"), "{error}");
    let label = Plane::of_labels("mine", vec![0, 1, 2], 2).unwrap_err().to_string();
    assert!(label.contains("label 2 of pattern 2 is not one of the 2 classes 0 to 1"), "{label}");
}

#[test]
fn what_replaces_the_recorder_is_noticed() {
    let case = Case::new();
    let finish = |change: fn(SupervisedTraining<Paper>, &Recorder<Paper>) -> SupervisedTraining<Paper>| {
        let recorder = case.recorder(case.plane()).unwrap();
        let result = case.launch(change(case.training(2), &recorder));
        recorder.finish(&result).unwrap_err()
    };
    for error in [
        finish(|training, _| training),
        finish(|training, recorder| training.record_plane(recorder).with_default_checkpointers()),
        finish(|training, recorder| {
            training.record_plane(recorder).with_checkpointing_strategy(KeepLastNCheckpoints::new(1))
        }),
    ] {
        assert!(matches!(error, Error::Replaced { .. }), "{error}");
    }
}

/// Stops after an epoch that no schedule names.
#[derive(Clone)]
struct StopAfter(usize);

impl EarlyStoppingStrategy for StopAfter {
    fn should_stop(&mut self, epoch: usize, _: &EventStoreClient) -> bool {
        epoch >= self.0
    }
}

#[test]
fn the_last_epoch_of_an_early_stop_is_there() {
    let case = Case::new();
    let recorder = case.recorder(case.plane().epochs(Epochs::Every(4))).unwrap();
    let result = case.launch(case.training(20).early_stopping(StopAfter(6)).record_plane(&recorder));
    recorder.finish(&result).unwrap();
    assert_eq!(recorded(&recorder), [0, 4, 6]);
}

#[test]
fn a_training_resumed_from_a_checkpoint_gives_the_whole_plane() {
    let case = Case::new();
    let plane = || case.plane().epochs(Epochs::Every(2));
    let files = case.folder.path().join("checkpoint");
    let save = |training: SupervisedTraining<Paper>, recorder: &Recorder<Paper>| {
        training.record_plane_and_save(recorder, &files, KeepLastNCheckpoints::new(1))
    };
    let first = case.recorder(plane()).unwrap();
    case.launch(save(case.training(4), &first));
    assert!(files.join("model-4.bpk").exists() && !files.join("model-2.bpk").exists());
    let second = case.recorder(plane()).unwrap();
    let result = case.launch(save(case.training(6), &second).checkpoint(4));
    second.finish(&result).unwrap();
    let epochs = recorded(&second);
    assert!([0, 2, 4, 6].iter().all(|epoch| epochs.contains(epoch)), "{epochs:?}");
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]), "{epochs:?}");
}

#[test]
fn the_folder_is_a_run_that_the_report_takes() {
    let case = Case::new();
    let recorder = case.recorder(case.plane()).unwrap();
    let result = case.launch(case.training(3).record_plane(&recorder));
    recorder.finish(&result).unwrap();
    let has = |name: &str| case.results().join(name).metadata().is_ok_and(|about| about.len() > 0);
    assert!(["information_plane.csv", "information_plane.png", "run.json", "config.toml"].into_iter().all(has));
    let page: &Path = &case.folder.path().join("report.html");
    let report = infoplane_experiments::report::Report::gather(&[case.results()]).unwrap();
    report.write(page).unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("layer 1-layer 2"));
}

#[test]
fn the_readmes_code_is_the_code_that_is_compiled() {
    let readme = include_str!("../../../README.md");
    let section = readme.split("## Your own burn model").nth(1).expect("the section is there");
    let code = section.split("```").nth(1).expect("it has code").trim_start_matches("rust").trim();
    assert!(code.lines().count() <= 15);
    for line in code.lines() {
        assert!(include_str!("../src/lib.rs").contains(&format!("//! {line}\n")), "not compiled: {line}");
    }
}
