//! A transformer of one block learns a + b mod 23; its plane is over all 529 inputs, so nothing of it is sampled: `just example
//! modular-addition`. `--epochs N`, `--estimator NAME` and `--output FOLDER` change what it does; `--bare` trains without the recorder, to
//! see what observing costs.

use std::time::Instant;

use anyhow::Result;
use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::{Embedding, EmbeddingConfig, Linear, LinearConfig};
use burn::optim::AdamWConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::{ClassificationOutput, InferenceStep, Learner, SupervisedTraining, TrainOutput, TrainStep};
use infoplane_train::{Layer, Plane, Quiet, RecordPlane, Recorder};

const P: i32 = 23;
const WIDTH: usize = 32;
/// Mini-batches.
const BATCH: usize = 50;

/// Embedding with places, one block of attention and a perceptron with shortcuts, logits read at the last place.
#[derive(Module, Debug)]
struct Transformer {
    embedding: Embedding,
    place: Embedding,
    attention: MultiHeadAttention,
    wide: Linear,
    narrow: Linear,
    logits: Linear,
}

/// What each stage makes of the inputs.
struct Stages {
    embedded: Tensor<3>,
    attended: Tensor<3>,
    block: Tensor<2>,
    logits: Tensor<2>,
}

impl Transformer {
    fn new(device: &Device) -> Self {
        Self {
            embedding: EmbeddingConfig::new(P as usize, WIDTH).init(device),
            place: EmbeddingConfig::new(2, WIDTH).init(device),
            attention: MultiHeadAttentionConfig::new(WIDTH, 4).with_dropout(0.0).init(device),
            wide: LinearConfig::new(WIDTH, 4 * WIDTH).init(device),
            narrow: LinearConfig::new(4 * WIDTH, WIDTH).init(device),
            logits: LinearConfig::new(WIDTH, P as usize).init(device),
        }
    }

    fn stages(&self, tokens: Tensor<2, Int>) -> Stages {
        let [rows, places] = tokens.dims();
        let place = self.place.forward(Tensor::arange(0..places as i64, &tokens.device()).unsqueeze());
        let embedded = self.embedding.forward(tokens) + place;
        let attended = embedded.clone() + self.attention.forward(MhaInput::self_attn(embedded.clone())).context;
        let last: Tensor<2> = attended.clone().slice([0..rows, places - 1..places]).reshape([rows, WIDTH]);
        let block = last.clone() + self.narrow.forward(activation::relu(self.wide.forward(last)));
        let logits = self.logits.forward(block.clone());
        Stages { embedded, attended, block, logits }
    }

    fn learn(&self, batch: Batch) -> ClassificationOutput {
        let logits = self.stages(batch.tokens).logits;
        let log_p = activation::log_softmax(logits.clone(), 1);
        let loss = log_p.gather(1, batch.sums.clone().unsqueeze_dim(1)).mean().neg();
        ClassificationOutput::new(loss, logits, batch.sums)
    }
}

#[derive(Clone, Debug)]
struct Batch {
    tokens: Tensor<2, Int>,
    sums: Tensor<1, Int>,
}

#[derive(Clone, Debug)]
struct Pairs;

impl Batcher<(i32, i32), Batch> for Pairs {
    fn batch(&self, pairs: Vec<(i32, i32)>, device: &Device) -> Batch {
        let tokens: Vec<i32> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
        let sums: Vec<i32> = pairs.iter().map(|(a, b)| (a + b) % P).collect();
        Batch {
            tokens: Tensor::from_data(TensorData::new(tokens, [pairs.len(), 2]), device),
            sums: Tensor::from_data(TensorData::new(sums, [pairs.len()]), device),
        }
    }
}

impl TrainStep for Transformer {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.learn(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Transformer {
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
    let epochs = flag("--epochs").map_or(Ok(2000), |text| text.parse())?;
    let estimator = flag("--estimator").unwrap_or_else(|| "kde:variance=1".to_owned());
    let folder = flag("--output").unwrap_or_else(|| "results/modular-addition".to_owned());
    let device = Device::flex();
    device.seed(1);

    let pairs: Vec<(i32, i32)> = (0..P).flat_map(|a| (0..P).map(move |b| (a, b))).collect();
    // Every fifth input is kept from training; 5 and 23 have no common factor, so every sum is in both parts.
    let trains = |index: &usize| !index.is_multiple_of(5);
    let part = |is_of: fn(bool) -> bool| -> Vec<(i32, i32)> {
        (0..pairs.len()).filter(|index| is_of(trains(index))).map(|index| pairs[index]).collect()
    };
    let loader = |pairs: Vec<(i32, i32)>| {
        let pairs = InMemDataset::new(pairs);
        DataLoaderBuilder::new(Pairs).batch_size(BATCH).shuffle(1).set_device(device.clone()).build(pairs)
    };
    let training = SupervisedTraining::new(
        std::path::Path::new(&folder).join("burn"),
        loader(part(|trains| trains)),
        loader(part(|trains| !trains)),
    );
    let training = training.renderer(Box::new(Quiet)).num_epochs(epochs);
    let model = Transformer::new(&device.clone().autodiff());
    let optimizer = AdamWConfig::new().with_weight_decay(0.5).init();
    let learner = Learner::new(model.clone(), optimizer, ConstantLr::new(2e-3));
    let started = Instant::now();
    if std::env::args().any(|word| word == "--bare") {
        training.launch(learner);
        println!("{:.2} s of training, unobserved", started.elapsed().as_secs_f64());
        return Ok(());
    }

    let sums = pairs.iter().map(|(a, b)| ((a + b) % P) as u32).collect();
    let plane = Plane::of_labels("modular-addition", sums, P as usize)?
        .estimators([estimator])
        .trained_on((0..pairs.len()).filter(trains), BATCH)
        .named("one block", "relu");
    let all = Pairs.batch(pairs.clone(), &device);
    let recorder = Recorder::new(&model, plane, &folder, move |model: &Transformer| {
        let Stages { embedded, attended, block, logits } = model.stages(all.tokens.clone());
        vec![
            Layer::new("embedding", embedded),
            Layer::new("attention", attended),
            Layer::new("block", block),
            Layer::logits("output", logits),
        ]
    })?;
    let result = training.record_plane(&recorder).launch(learner);
    println!("{:.2} s of training, observed", started.elapsed().as_secs_f64());
    recorder.finish(&result)?;
    println!("{}\nThe plane: {folder}/information_plane.png", recorder.summary());
    Ok(())
}
