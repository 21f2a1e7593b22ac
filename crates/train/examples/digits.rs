//! A small convolutional network on images of 8 × 8 pixels in the information plane. Without arguments the images are drawn here: ten glyphs,
//! shifted and with noise. `--images FILE` takes a table, 64 pixels and the label in each row (.csv without a header); `--epochs N --output FOLDER`.

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
use rand::{RngExt, SeedableRng};

const SIDE: usize = 8;
const CLASSES: usize = 10;
/// Digits of 3 × 5 pixels, a row of three bits each.
const GLYPHS: [[u8; 5]; CLASSES] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

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

/// So many glyphs at random places, with noise.
fn drawn(count: usize) -> Vec<Image> {
    let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    (0..count)
        .map(|k| {
            let (across, down) = (rng.random_range(0..=SIDE - 3), rng.random_range(0..=SIDE - 5));
            let mut pixels: Vec<f32> = (0..SIDE * SIDE).map(|_| rng.random_range(0.0..0.3)).collect();
            for (row, bits) in GLYPHS[k % CLASSES].into_iter().enumerate() {
                for column in (0..3).filter(|column| (bits >> (2 - column)) & 1 == 1) {
                    pixels[(down + row) * SIDE + across + column] += 0.7;
                }
            }
            (pixels, (k % CLASSES) as i32)
        })
        .collect()
}

/// What follows a flag on the command line.
fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != name).nth(1)
}

fn images() -> Result<Vec<Image>, Box<dyn std::error::Error>> {
    let Some(file) = flag("--images") else { return Ok(drawn(1000)) };
    let text = std::fs::read_to_string(&file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let mut images = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut pixels: Vec<f32> = line
            .split(',')
            .map(|cell| cell.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{file}, line {}: {error}", number + 1))?;
        let label = pixels.pop().filter(|label| (0.0..CLASSES as f32).contains(label) && label.fract() == 0.0);
        match label {
            Some(label) if pixels.len() == SIDE * SIDE => images.push((pixels, label as i32)),
            _ => return Err(format!("{file}, line {}: not 64 pixels and a label from 0 to 9", number + 1).into()),
        }
    }
    Ok(images)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let epochs = flag("--epochs").map_or(Ok(30), |text| text.parse())?;
    let folder = flag("--output").unwrap_or_else(|| "results/digits".to_owned());
    let device = Device::flex();
    let images = images()?;
    let loader = |batch| {
        let dataset = InMemDataset::new(images.clone());
        DataLoaderBuilder::new(Images).batch_size(batch).shuffle(1).set_device(device.clone()).build(dataset)
    };

    device.seed(1);
    let model = Convolutional::new(&device.clone().autodiff());
    let all = Images.batch(images.clone(), &device);
    let labels = images.iter().map(|image| image.1 as u32).collect();
    let plane =
        Plane::of_labels("digits", labels, CLASSES)?.estimators(["binning:width=0.5"]).named("convolutional", "relu");
    let recorder = Recorder::new(&model, plane, &folder, move |model: &Convolutional| {
        let (first, second, dense, logits) = model.stages(all.images.clone());
        vec![
            Layer::new("first", first),
            Layer::new("second", second),
            Layer::new("dense", dense),
            Layer::new("probabilities", activation::softmax(logits, 1)),
        ]
    })?;
    let training = SupervisedTraining::new(std::path::Path::new(&folder).join("burn"), loader(64), loader(500))
        .renderer(Box::new(Quiet))
        .num_epochs(epochs);
    let learner = Learner::new(model, AdamConfig::new().init(), ConstantLr::new(3e-3));
    let result = training.record_plane(&recorder).launch(learner);
    recorder.finish(&result)?;

    let rows = recorder.rows();
    let output = rows.last().ok_or("nothing was recorded")?;
    println!(
        "After {} epochs the output tells {:.2} bits of the digit: {folder}/information_plane.png",
        output.epoch, output.i_ty_bits
    );
    Ok(())
}
