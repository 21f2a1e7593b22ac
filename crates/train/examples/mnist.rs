//! A multilayer perceptron on MNIST's IDX files in the information plane: `--images …/train-images-idx3-ubyte`, with the labels beside it as MNIST
//! names them. The first 2000 images train and are measured; `--count N --epochs N --output FOLDER`.

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = flag("--images").ok_or(
        "name MNIST's images: --images FOLDER/train-images-idx3-ubyte, with train-labels-idx1-ubyte beside it (they are not part of this \
         repository)",
    )?;
    let epochs = flag("--epochs").map_or(Ok(20), |text| text.parse())?;
    let count: usize = flag("--count").map_or(Ok(2000), |text| text.parse())?;
    let folder = flag("--output").unwrap_or_else(|| "results/mnist".to_owned());
    let device = Device::flex();
    let task = idx::load(std::path::Path::new(&file)).map_err(|error| format!("{error:#}"))?;
    let classes = task.joint.n_y();
    let images: Vec<Image> = task
        .inputs
        .outer_iter()
        .enumerate()
        .take(count)
        .map(|(x, row)| (row.to_vec(), task.joint.certain_label(x).unwrap_or(0) as i32))
        .collect();
    let loader = |batch| {
        let dataset = InMemDataset::new(images.clone());
        DataLoaderBuilder::new(Images).batch_size(batch).shuffle(1).set_device(device.clone()).build(dataset)
    };

    device.seed(1);
    let model = Perceptron::new(task.inputs.ncols(), classes, &device.clone().autodiff());
    let all = Images.batch(images.clone(), &device);
    let labels = images.iter().map(|image| image.1 as u32).collect();
    let plane =
        Plane::of_labels("mnist", labels, classes)?.estimators(["binning:width=0.5"]).named("perceptron", "tanh");
    let recorder = Recorder::new(&model, plane, &folder, move |model: &Perceptron| {
        let (hidden, logits) = model.outputs(all.images.clone());
        let output = Layer::new("probabilities", activation::softmax(logits, 1));
        let hidden = hidden.into_iter().enumerate().map(|(index, t)| Layer::new(format!("hidden {}", index + 1), t));
        hidden.chain([output]).collect()
    })?;
    let training = SupervisedTraining::new(std::path::Path::new(&folder).join("burn"), loader(64), loader(500))
        .renderer(Box::new(Quiet))
        .num_epochs(epochs);
    let learner = Learner::new(model, AdamConfig::new().init(), ConstantLr::new(1e-3));
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
