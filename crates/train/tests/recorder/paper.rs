//! The paper's network as anyone writes it with burn, trained by burn-train on our batches from our initial weights.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::SgdConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::{
    ClassificationOutput, InferenceStep, Learner, LearnerModel, LearningResult, SupervisedTraining, TrainOutput,
    TrainStep,
};
use infoplane_experiments::tasks::{Labelling, Task, o3};
use infoplane_model::random::{Purpose, stream};
use infoplane_model::{Activation, Initialisation, Mlp, Output};
use infoplane_train::{Error, Layer, Plane, Quiet, Recorder};
use rand::seq::SliceRandom;

pub const BINS: &str = "binning:width=0.07";
pub const SEED: u64 = 3;
pub const BATCH: usize = 256;
pub const RATE: f64 = 0.1;

/// The paper's network, written with burn's own layers.
#[derive(Module, Debug)]
pub struct Paper {
    layers: Vec<Linear>,
}

#[derive(Clone, Debug)]
pub struct Batch {
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
pub struct Case {
    pub task: Task,
    pub labels: Vec<u32>,
    pub train: Vec<u32>,
    pub network: Mlp,
    pub folder: tempfile::TempDir,
}

impl Case {
    pub fn new() -> Self {
        let task = o3(Labelling::Soft, 0.99).unwrap();
        let labels: Vec<u32> = (0..4096).map(|x| u32::from(task.joint.p(x, 1) > 0.5)).collect();
        let train = (0..4096).filter(|x| x % 8 != 0).collect();
        let network =
            Mlp::new(12, &[10, 7, 5, 4, 3], Activation::Tanh, Output::Softmax, 2, Initialisation::TruncatedNormal);
        Self { task, labels, train, network: network.unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// flex, or the backend that `INFOPLANE_TRAIN_BACKEND` names, if this build has it.
    #[allow(deprecated)] // ndarray
    pub fn device() -> Device {
        match std::env::var("INFOPLANE_TRAIN_BACKEND").as_deref() {
            Err(_) | Ok("flex") => Device::flex(),
            #[cfg(feature = "ndarray")]
            Ok("ndarray") => Device::ndarray(),
            #[cfg(feature = "wgpu")]
            Ok("wgpu") => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
            Ok(other) => panic!("this build has no backend {other}: name it with --features"),
        }
    }

    pub fn model(&self) -> Paper {
        Paper::new(&self.network.initial_parameters(SEED), &self.network, &Self::device().autodiff())
    }

    /// Batches of these patterns, from the epoch after so many on.
    fn loader(&self, rows: &[u32], after: usize) -> Arc<dyn DataLoader<Batch>> {
        let (mut order, mut rng) = (rows.to_vec(), stream(SEED, Purpose::Shuffle));
        (0..after).for_each(|_| order.shuffle(&mut rng));
        Arc::new(Batches {
            inputs: self.task.inputs.outer_iter().map(|row| row.to_vec()).collect(),
            labels: self.labels.clone(),
            order: Arc::new(Mutex::new((order, rng))),
            device: Self::device(),
        })
    }

    pub fn training<M>(&self, epochs: usize) -> SupervisedTraining<M>
    where
        M: LearnerModel + TrainStep<Input = Batch> + InferenceStep<Input = Batch>,
    {
        self.training_after(0, epochs)
    }

    /// Training whose loader starts with the batches of the epoch after `done`.
    pub fn training_after<M>(&self, done: usize, epochs: usize) -> SupervisedTraining<M>
    where
        M: LearnerModel + TrainStep<Input = Batch> + InferenceStep<Input = Batch>,
    {
        SupervisedTraining::new(self.folder.path().join("burn"), self.loader(&self.train, done), self.loader(&[0], 0))
            .renderer(Box::new(Quiet))
            .with_application_logger(None)
            .num_epochs(epochs)
    }

    pub fn launch(&self, training: SupervisedTraining<Paper>) -> LearningResult<Paper> {
        training.launch(Self::learner(self.model()))
    }

    pub fn learner<M: LearnerModel>(model: M) -> Learner<M> {
        Learner::new(model, SgdConfig::new().init(), ConstantLr::new(RATE))
    }

    pub fn plane(&self) -> Plane {
        Plane::of_joint("o3", self.task.joint.clone()).estimators([BINS]).replica(0, SEED)
    }

    /// The plane with the training sample, for losses and accuracies.
    pub fn plane_of_sample(&self) -> Plane {
        let rows = self.train.iter().map(|&row| row as usize);
        self.plane().trained_on(rows, BATCH).labelled(self.labels.clone())
    }

    pub fn patterns(&self) -> Tensor<2> {
        let values: Vec<f32> = self.task.inputs.iter().copied().collect();
        Tensor::from_data(TensorData::new(values, [4096, 12]), &Self::device())
    }

    pub fn recorder(&self, plane: Plane) -> Result<Recorder<Paper>, Error> {
        self.recorder_in("results", plane)
    }

    pub fn recorder_in(&self, folder: &str, plane: Plane) -> Result<Recorder<Paper>, Error> {
        let x = self.patterns();
        let folder = self.folder.path().join(folder);
        Recorder::new(&self.model(), plane, folder, move |model: &Paper| layers(model, x.clone()))
    }

    pub fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }
}

/// Every layer; the output from its logits, as our engine measures it.
pub fn layers(model: &Paper, x: Tensor<2>) -> Vec<Layer> {
    let mut outputs = model.outputs(x);
    let logits = outputs.pop().map(|logits| Layer::logits("output", logits));
    let hidden = outputs.into_iter().enumerate().map(|(index, t)| Layer::new(format!("hidden {}", index + 1), t));
    hidden.chain(logits).collect()
}

/// All weights, to the last bit.
pub fn weights(model: &Paper) -> Vec<u32> {
    let bits = |data: TensorData| data.iter::<f32>().map(f32::to_bits).collect::<Vec<_>>();
    let layer = |layer: &Linear| {
        let biases = layer.bias.as_ref().map_or_else(Vec::new, |bias| bits(bias.val().into_data()));
        [bits(layer.weight.val().into_data()), biases].concat()
    };
    model.layers.iter().flat_map(layer).collect()
}

/// The epochs that were recorded, in order.
pub fn recorded<M: Module + 'static>(recorder: &Recorder<M>) -> Vec<usize> {
    let mut epochs: Vec<usize> = recorder.rows().iter().map(|row| row.epoch).collect();
    epochs.dedup();
    epochs
}
