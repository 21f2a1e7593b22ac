//! A small convolutional network on handwritten digits of 8 × 8 pixels in the information plane: `just example digits`. `--epochs N`,
//! `--estimators "NAME NAME"` and `--output FOLDER` change what it does; `--bare` trains without the recorder, to see what observing costs.
//!
//! The images beside this file are the 1797 of the test set of *Optical Recognition of Handwritten Digits* (E. Alpaydin, C. Kaynak, UCI
//! Machine Learning Repository 1998, CC BY 4.0), as scikit-learn has them: 64 pixels from 0 to 16 and the digit in each row.

use std::io::Read;
use std::time::Instant;

use anyhow::{Context, Result};
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::AdamConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::{ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep};
use infoplane_train::{Layer, Plane, Quiet, RecordPlane, Recorder};

const SIDE: usize = 8;
const CLASSES: usize = 10;
/// The first so many images train, the others test.
const TRAIN: usize = 1200;
const BATCH: usize = 50;
const IMAGES: &[u8] = include_bytes!("digits.csv.gz");

/// Two convolutions with pooling, and two dense layers.
#[derive(Module, Debug)]
struct Convolutional {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    dense: Linear,
    logits: Linear,
}

impl Convolutional {
    fn new(device: &Device) -> Self {
        let conv = |channels| Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Same).init(device);
        Self {
            first: conv([1, 8]),
            second: conv([8, 16]),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dense: LinearConfig::new(16 * 4, 32).init(device),
            logits: LinearConfig::new(32, CLASSES).init(device),
        }
    }

    /// Feature maps, the dense layer and the logits.
    fn stages(&self, images: Tensor<4>) -> (Tensor<4>, Tensor<4>, Tensor<2>, Tensor<2>) {
        let first = self.pool.forward(activation::relu(self.first.forward(images)));
        let second = self.pool.forward(activation::relu(self.second.forward(first.clone())));
        let dense = activation::relu(self.dense.forward(second.clone().flatten(1, 3)));
        let logits = self.logits.forward(dense.clone());
        (first, second, dense, logits)
    }

    fn learn(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.stages(batch.images).3;
        let log_p = activation::log_softmax(logits.clone(), 1);
        let loss = log_p.gather(1, batch.labels.clone().unsqueeze_dim(1)).mean().neg();
        ClassificationOutput::new(loss, logits, batch.labels)
    }
}

#[derive(Clone, Debug)]
struct Batch {
    images: Tensor<4>,
    labels: Tensor<1, Int>,
}

type Image = (Vec<f32>, i32);

#[derive(Clone, Debug)]
struct Images;

impl Batcher<Image, Batch> for Images {
    fn batch(&self, items: Vec<Image>, device: &Device) -> Batch {
        let n = items.len();
        let labels: Vec<i32> = items.iter().map(|item| item.1).collect();
        let pixels: Vec<f32> = items.into_iter().flat_map(|item| item.0).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [n, 1, SIDE, SIDE]), device),
            labels: Tensor::from_data(TensorData::new(labels, [n]), device),
        }
    }
}

impl TrainStep for Convolutional {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.learn(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Convolutional {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.learn(batch)
    }
}

/// The images, their pixels from 0 to 1, with their labels.
fn images() -> Result<Vec<Image>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(IMAGES).read_to_string(&mut text)?;
    text.lines()
        .map(|line| {
            let numbers: Vec<f32> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
            let (label, pixels) = numbers.split_last().context("an empty line among the images")?;
            Ok((pixels.iter().map(|pixel| pixel / 16.0).collect(), *label as i32))
        })
        .collect()
}

/// What follows a flag on the command line.
fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != name).nth(1)
}

#[allow(clippy::disallowed_methods)] // this program is one training: burn's generator, global to the process, is its own
fn main() -> Result<()> {
    let epochs = flag("--epochs").map_or(Ok(60), |text| text.parse())?;
    // Noise that hides all of the output leaves nothing unhidden of the layers before it, and the other way round: so two widths.
    let estimators = flag("--estimators").unwrap_or_else(|| "kde:variance=4 kde:variance=0.1".to_owned());
    let folder = flag("--output").unwrap_or_else(|| "results/digits".to_owned());
    let device = Device::flex();
    device.seed(1);

    let images = images()?;
    let loader = |images: &[Image]| {
        let images = InMemDataset::new(images.to_vec());
        DataLoaderBuilder::new(Images).batch_size(BATCH).shuffle(1).set_device(device.clone()).build(images)
    };
    let training = SupervisedTraining::new(
        std::path::Path::new(&folder).join("burn"),
        loader(&images[..TRAIN]),
        loader(&images[TRAIN..]),
    );
    let training = training.renderer(Box::new(Quiet)).num_epochs(epochs);
    let model = Convolutional::new(&device.clone().autodiff());
    let learner = Learner::new(model.clone(), AdamConfig::new().init(), ConstantLr::new(1e-3));
    let started = Instant::now();
    if std::env::args().any(|word| word == "--bare") {
        training.launch(learner);
        println!("{:.2} s of training, unobserved", started.elapsed().as_secs_f64());
        return Ok(());
    }

    let labels = images.iter().map(|image| image.1 as u32).collect();
    let plane = Plane::of_labels("digits", labels, CLASSES)?
        .estimators(estimators.split_whitespace())
        .trained_on(0..TRAIN, BATCH)
        .named("convolutional", "relu");
    let all = Images.batch(images, &device);
    let recorder = Recorder::new(&model, plane, &folder, move |model: &Convolutional| {
        let (first, second, dense, logits) = model.stages(all.images.clone());
        vec![
            Layer::new("first", first),
            Layer::new("second", second),
            Layer::new("dense", dense),
            Layer::logits("output", logits),
        ]
    })?;
    let result = training.record_plane(&recorder).launch(learner);
    println!("{:.2} s of training, observed", started.elapsed().as_secs_f64());
    recorder.finish(&result)?;
    println!("{}\nThe plane: {folder}/information_plane.png", recorder.summary());
    Ok(())
}
