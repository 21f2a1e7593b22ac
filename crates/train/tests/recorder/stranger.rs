//! Models that know nothing of infoplane: the architectures of two of burn's examples, `mnist` and `text-classification`, written anew
//! and small. What a user adds to them stands between two marks, and is counted.

use std::path::Path;

use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Embedding, EmbeddingConfig, Gelu, Linear, LinearConfig,
};
use burn::optim::AdamConfig;
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use burn::train::{
    ClassificationOutput, InferenceStep, Learner, LearnerModel, SupervisedTraining, TrainOutput, TrainStep,
};
use infoplane_train::{Layer, Plane, Quiet, RecordPlane, Recorder};

use crate::paper::{Case, recorded};

/// Numbers and a label: pixels of an image, or words of a sentence.
type Item = (Vec<i32>, i32);

#[derive(Clone, Debug)]
struct Batch {
    numbers: Tensor<2, Int>,
    labels: Tensor<1, Int>,
}

#[derive(Clone, Debug)]
struct Items;

impl Batcher<Item, Batch> for Items {
    fn batch(&self, items: Vec<Item>, device: &Device) -> Batch {
        let (n, each) = (items.len(), items.first().map_or(0, |item| item.0.len()));
        let labels: Vec<i32> = items.iter().map(|item| item.1).collect();
        let numbers: Vec<i32> = items.into_iter().flat_map(|item| item.0).collect();
        Batch {
            numbers: Tensor::from_data(TensorData::new(numbers, [n, each]), device),
            labels: Tensor::from_data(TensorData::new(labels, [n]), device),
        }
    }
}

fn classified(logits: Tensor<2>, labels: Tensor<1, Int>) -> ClassificationOutput {
    let log_p = activation::log_softmax(logits.clone(), 1);
    let loss = log_p.gather(1, labels.clone().unsqueeze_dim(1)).mean().neg();
    ClassificationOutput::new(loss, logits, labels)
}

macro_rules! steps {
    ($model:ty) => {
        impl TrainStep for $model {
            type Input = Batch;
            type Output = ClassificationOutput;

            fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
                let output = classified(self.forward(batch.numbers), batch.labels);
                TrainOutput::new(self, output.loss.backward(), output)
            }
        }

        impl InferenceStep for $model {
            type Input = Batch;
            type Output = ClassificationOutput;

            fn step(&self, batch: Batch) -> ClassificationOutput {
                classified(self.forward(batch.numbers), batch.labels)
            }
        }
    };
}

/// Of burn's example `mnist`: convolutions with batch normalisation and GELU, dropout, two dense layers.
#[derive(Module, Debug)]
struct Images {
    first: Conv2d,
    first_norm: BatchNorm,
    second: Conv2d,
    second_norm: BatchNorm,
    dropout: Dropout,
    dense: Linear,
    output: Linear,
    gelu: Gelu,
}

impl Images {
    fn new(device: &Device) -> Self {
        Self {
            first: Conv2dConfig::new([1, 4], [3, 3]).init(device),
            first_norm: BatchNormConfig::new(4).init(device),
            second: Conv2dConfig::new([4, 8], [3, 3]).init(device),
            second_norm: BatchNormConfig::new(8).init(device),
            dropout: DropoutConfig::new(0.5).init(),
            dense: LinearConfig::new(8 * 16, 16).init(device),
            output: LinearConfig::new(16, 2).init(device),
            gelu: Gelu::new(),
        }
    }

    fn features(&self, pixels: Tensor<2, Int>) -> (Tensor<4>, Tensor<4>, Tensor<2>) {
        let [n, _] = pixels.dims();
        let first = self.first.forward(pixels.float().reshape([n, 1, 8, 8]));
        let first = self.gelu.forward(self.first_norm.forward(first));
        let second = self.gelu.forward(self.second_norm.forward(self.second.forward(first.clone())));
        let dense = self.gelu.forward(self.dense.forward(self.dropout.forward(second.clone().flatten(1, 3))));
        (first, second, dense)
    }

    fn forward(&self, pixels: Tensor<2, Int>) -> Tensor<2> {
        self.output.forward(self.features(pixels).2)
    }
}

steps!(Images);

/// Of burn's example `text-classification`: tokens and their places embedded, an encoder, a dense layer on the first place.
#[derive(Module, Debug)]
struct Texts {
    tokens: Embedding,
    places: Embedding,
    encoder: TransformerEncoder,
    output: Linear,
}

impl Texts {
    fn new(device: &Device) -> Self {
        Self {
            tokens: EmbeddingConfig::new(20, 8).init(device),
            places: EmbeddingConfig::new(6, 8).init(device),
            encoder: TransformerEncoderConfig::new(8, 16, 2, 1).with_norm_first(true).init(device),
            output: LinearConfig::new(8, 2).init(device),
        }
    }

    fn stages(&self, words: Tensor<2, Int>) -> (Tensor<3>, Tensor<3>) {
        let [n, length] = words.dims();
        let places = Tensor::arange(0..length as i64, &words.device()).reshape([1, length]).repeat_dim(0, n);
        let embedded = (self.places.forward(places) + self.tokens.forward(words)) / 2;
        (embedded.clone(), self.encoder.forward(TransformerEncoderInput::new(embedded)))
    }

    fn forward(&self, words: Tensor<2, Int>) -> Tensor<2> {
        let encoded = self.stages(words).1;
        let [n, _, width] = encoded.dims();
        self.output.forward(encoded.slice([0..n, 0..1, 0..width]).reshape([n, width]))
    }
}

steps!(Texts);

/// 200 items of so many numbers below a limit; the label says whether the first is large.
fn items(each: usize, limit: i32) -> Vec<Item> {
    let number = |k: usize| (k * k + 7 * k) as i32 % limit;
    let of = |item: usize| (0..each).map(|place| number(item * each + 3 * place + item)).collect::<Vec<i32>>();
    (0..200).map(of).map(|numbers| (numbers.clone(), i32::from(2 * numbers[0] >= limit))).collect()
}

/// All items as one batch, and their labels.
fn patterns(items: &[Item]) -> (Tensor<2, Int>, Vec<u32>) {
    let labels = items.iter().map(|item| item.1 as u32).collect();
    (Items.batch(items.to_vec(), &Case::device()).numbers, labels)
}

fn training<M>(folder: &Path, items: &[Item]) -> SupervisedTraining<M>
where
    M: LearnerModel + TrainStep<Input = Batch> + InferenceStep<Input = Batch>,
{
    let loader = || {
        let items = InMemDataset::new(items.to_vec());
        DataLoaderBuilder::new(Items).batch_size(50).set_device(Case::device()).build(items)
    };
    SupervisedTraining::new(folder.join("burn"), loader(), loader())
        .renderer(Box::new(Quiet))
        .with_application_logger(None)
        .num_epochs(3)
}

fn learner<M: LearnerModel>(model: M) -> Learner<M> {
    Learner::new(model, AdamConfig::new().init(), ConstantLr::new(1e-3))
}

fn images(folder: &Path) -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    let items = items(64, 17);
    let (x, labels) = patterns(&items);
    let model = Images::new(&Case::device().autodiff());
    let training = training(folder, &items);
    // attached:
    let plane = Plane::of_labels("images", labels, 2)?.trained_on(0..200, 50);
    let recorder = Recorder::new(&model, plane, folder.join("plane"), move |model: &Images| {
        let (first, second, dense) = model.features(x.clone());
        vec![
            Layer::new("first", first),
            Layer::new("second", second),
            Layer::new("dense", dense),
            Layer::logits("output", model.forward(x.clone())),
        ]
    })?;
    let result = training.record_plane(&recorder).launch(learner(model));
    recorder.finish(&result)?;
    // end
    Ok(recorded(&recorder))
}

fn texts(folder: &Path) -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    let items = items(6, 20);
    let (x, labels) = patterns(&items);
    let model = Texts::new(&Case::device().autodiff());
    let training = training(folder, &items);
    // attached:
    let plane = Plane::of_labels("texts", labels, 2)?.trained_on(0..200, 50);
    let recorder = Recorder::new(&model, plane, folder.join("plane"), move |model: &Texts| {
        let (embedded, encoded) = model.stages(x.clone());
        vec![
            Layer::new("embedded", embedded),
            Layer::new("encoded", encoded),
            Layer::logits("output", model.forward(x.clone())),
        ]
    })?;
    let result = training.record_plane(&recorder).launch(learner(model));
    recorder.finish(&result)?;
    // end
    Ok(recorded(&recorder))
}

#[test]
fn models_of_burns_examples_attach_in_fifteen_lines() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(images(&folder.path().join("images")).unwrap(), [0, 1, 2, 3]);
    assert_eq!(texts(&folder.path().join("texts")).unwrap(), [0, 1, 2, 3]);
    let attachments: Vec<usize> = include_str!("stranger.rs")
        .split("    // attached:\n")
        .skip(1)
        .filter_map(|after| after.split_once("    // end\n"))
        .map(|(lines, _)| lines.lines().count())
        .collect();
    assert!(attachments.len() == 2 && attachments.iter().all(|&lines| lines <= 15), "{attachments:?}");
}

#[test]
fn the_readmes_code_is_the_code_that_is_compiled() {
    let readme = include_str!("../../../../README.md");
    let section = readme.split("## Your own burn model").nth(1).expect("the section is there");
    let code = section.split("```").nth(1).expect("it has code").trim_start_matches("rust").trim();
    assert!(code.lines().count() <= 15);
    for line in code.lines() {
        assert!(include_str!("../../src/lib.rs").contains(&format!("//! {line}\n")), "not compiled: {line}");
    }
}
