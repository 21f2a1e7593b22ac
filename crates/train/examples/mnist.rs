//! A multilayer perceptron on MNIST's IDX files in the information plane: `just example mnist --images …/train-images-idx3-ubyte`, with the
//! labels beside it as MNIST names them (the files are not part of this repository). `--count N` images are read, 10,000 unless said: three
//! of four train, and all are measured. `--epochs N`, `--estimator NAME` and `--output FOLDER` change the rest.

use anyhow::{Context, Result};
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::AdamConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::{ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep};
use infoplane_experiments::tasks::idx;
use infoplane_train::{Layer, Plane, Quiet, RecordPlane, Recorder};

/// Mini-batches.
const BATCH: usize = 50;

/// tanh layers of 32, 16 and 8 units.
#[derive(Module, Debug)]
struct Perceptron {
    layers: Vec<Linear>,
}

impl Perceptron {
    fn new(pixels: usize, classes: usize, device: &Device) -> Self {
        let widths = [pixels, 32, 16, 8, classes];
        Self { layers: widths.windows(2).map(|pair| LinearConfig::new(pair[0], pair[1]).init(device)).collect() }
    }

    /// Hidden layers, and the logits.
    fn outputs(&self, images: Tensor<2>) -> (Vec<Tensor<2>>, Tensor<2>) {
        let (mut hidden, mut t) = (Vec::new(), images);
        for (index, layer) in self.layers.iter().enumerate() {
            t = layer.forward(t);
            if index + 1 < self.layers.len() {
                t = t.tanh();
                hidden.push(t.clone());
            }
        }
        (hidden, t)
    }

    fn learn(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.outputs(batch.images).1;
        let log_p = activation::log_softmax(logits.clone(), 1);
        let loss = log_p.gather(1, batch.labels.clone().unsqueeze_dim(1)).mean().neg();
        ClassificationOutput::new(loss, logits, batch.labels)
    }
}

#[derive(Clone, Debug)]
struct Batch {
    images: Tensor<2>,
    labels: Tensor<1, Int>,
}

type Image = (Vec<f32>, i32);

#[derive(Clone, Debug)]
struct Images;

impl Batcher<Image, Batch> for Images {
    fn batch(&self, items: Vec<Image>, device: &Device) -> Batch {
        let n = items.len();
        let pixels_each = items.first().map_or(0, |item| item.0.len());
        let labels: Vec<i32> = items.iter().map(|item| item.1).collect();
        let pixels: Vec<f32> = items.into_iter().flat_map(|item| item.0).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [n, pixels_each]), device),
            labels: Tensor::from_data(TensorData::new(labels, [n]), device),
        }
    }
}

impl TrainStep for Perceptron {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.learn(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Perceptron {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.learn(batch)
    }
}

/// What follows a flag on the command line.
fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != name).nth(1)
}

#[allow(clippy::disallowed_methods)] // this program is one training: burn's generator, global to the process, is its own
fn main() -> Result<()> {
    let file = flag("--images")
        .context("name MNIST's images: --images FOLDER/train-images-idx3-ubyte, with the labels beside it")?;
    let epochs = flag("--epochs").map_or(Ok(40), |text| text.parse())?;
    let count: usize = flag("--count").map_or(Ok(10_000), |text| text.parse())?;
    let estimator = flag("--estimator").unwrap_or_else(|| "binning:width=0.5".to_owned());
    let folder = flag("--output").unwrap_or_else(|| "results/mnist".to_owned());
    let device = Device::flex();
    device.seed(1);

    let task = idx::load(std::path::Path::new(&file))?;
    let classes = task.joint.n_y();
    let image = |(x, row): (usize, ndarray::ArrayView1<f32>)| Some((row.to_vec(), task.joint.certain_label(x)? as i32));
    let images: Vec<Image> = task.inputs.outer_iter().enumerate().take(count).filter_map(image).collect();
    let train = images.len() - images.len() / 4;
    let loader = |images: &[Image]| {
        let images = InMemDataset::new(images.to_vec());
        DataLoaderBuilder::new(Images).batch_size(BATCH).shuffle(1).set_device(device.clone()).build(images)
    };
    let training = SupervisedTraining::new(
        std::path::Path::new(&folder).join("burn"),
        loader(&images[..train]),
        loader(&images[train..]),
    );
    let training = training.renderer(Box::new(Quiet)).num_epochs(epochs);
    let model = Perceptron::new(task.inputs.ncols(), classes, &device.clone().autodiff());

    let labels = images.iter().map(|image| image.1 as u32).collect();
    let plane = Plane::of_labels("mnist", labels, classes)?
        .estimators([estimator])
        .trained_on(0..train, BATCH)
        .named("perceptron", "tanh");
    let all = Images.batch(images, &device);
    let recorder = Recorder::new(&model, plane, &folder, move |model: &Perceptron| {
        let (hidden, logits) = model.outputs(all.images.clone());
        let hidden = hidden.into_iter().enumerate().map(|(index, t)| Layer::new(format!("hidden {}", index + 1), t));
        hidden.chain([Layer::logits("output", logits)]).collect()
    })?;
    let learner = Learner::new(model, AdamConfig::new().init(), ConstantLr::new(1e-3));
    let result = training.record_plane(&recorder).launch(learner);
    recorder.finish(&result)?;
    println!("{}\nThe plane: {folder}/information_plane.png", recorder.summary());
    Ok(())
}
