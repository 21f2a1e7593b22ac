//! Critics in training: a block of replicas, each with a split, initial weights and shuffles of its own.

use burn::tensor::{Tensor, TensorData};
use rand::seq::SliceRandom;

use super::scores::{Batch, Scores};
use super::{
    Bound, CriticError, CriticSettings, HeldOut, held_out_rows, infonce, infonce_anchor, mine, nwj, smile,
    stopping_rows,
};
use crate::architectures::Architecture;
use crate::backend::{Compute, to_vec};
use crate::batch::gather;
use crate::composed;
use crate::initialisation::Initialisation;
use crate::optimizer::{Optimizer, OptimizerKind};
use crate::random::{Purpose, stream};
use crate::stack::{Dense, Stack};
use crate::train::TrainSettings;

/// One side's rows, one after the other, and its perceptron.
pub(super) struct Side {
    pub patterns: Vec<f32>,
    pub stack: Stack,
}

/// Everything but the seeds.
pub(super) struct Critics<'a> {
    pub sides: [Side; 2],
    pub bound: Bound,
    pub settings: CriticSettings,
    pub compute: &'a Compute,
}

/// A seed's rows and the best it has come to.
struct Replica {
    train: Vec<u32>,
    stop: Vec<u32>,
    judge: Vec<u32>,
    shuffle: rand::rngs::ChaCha8Rng,
    best: Vec<f32>,
    best_objective: f64,
    best_look: usize,
}

impl Critics<'_> {
    /// What each seed's critic says of rows it has not seen, of n.
    pub(super) fn train(&self, n: usize, seeds: &[u64]) -> Result<Vec<HeldOut>, CriticError> {
        let (held_out, stopping) = (held_out_rows(n), stopping_rows(n));
        let training = n - held_out - stopping;
        let mut replicas: Vec<Replica> = seeds
            .iter()
            .map(|&seed| {
                let mut rows: Vec<u32> = (0..n as u32).collect();
                rows.shuffle(&mut stream(seed, Purpose::Split));
                let judge = rows.split_off(n - held_out);
                let stop = rows.split_off(training);
                let shuffle = stream(seed, Purpose::Shuffle);
                let best = self.initial_parameters(seed);
                Replica { train: rows, stop, judge, shuffle, best, best_objective: f64::NEG_INFINITY, best_look: 0 }
            })
            .collect();
        let p = replicas.first().map_or(0, |replica| replica.best.len());
        let flat = replicas.iter().flat_map(|replica| replica.best.iter().copied()).collect::<Vec<f32>>();
        let mut parameters = self.tensor::<2>(flat, [seeds.len(), p]);
        let mut optimizer = Optimizer::new(&self.train_settings(), self.compute);
        let mut average = None;
        let batch = self.settings.batch_size.min(training);
        let mut next = training;
        let is_patient = |replica: &Replica, look: usize| look - replica.best_look < self.settings.patience;
        for look in 0..=self.settings.steps / self.settings.look_every {
            for _ in 0..if look == 0 { 0 } else { self.settings.look_every } {
                if next + batch > training {
                    replicas.iter_mut().for_each(|replica| replica.train.shuffle(&mut replica.shuffle));
                    next = 0;
                }
                let rows: Vec<&[u32]> = replicas.iter().map(|replica| &replica.train[next..next + batch]).collect();
                let gradient = self.gradient(&rows, &parameters, &mut average);
                parameters = optimizer.step(parameters, gradient);
                next += batch;
            }
            let scores = self.scores_of(&replicas, |replica| &replica.stop, parameters.clone());
            let values = to_vec(parameters.clone().into_data());
            let mut going = false;
            for ((replica, scores), values) in replicas.iter_mut().zip(scores).zip(values.chunks_exact(p)) {
                let objective = self.objective(&scores);
                // A replica whose patience is over stays where it is, whatever its companions do.
                if is_patient(replica, look) && objective > replica.best_objective {
                    (replica.best_objective, replica.best_look) = (objective, look);
                    replica.best.copy_from_slice(values);
                }
                going |= is_patient(replica, look + 1);
            }
            if !going {
                break;
            }
        }
        let best = replicas.iter().flat_map(|replica| replica.best.iter().copied()).collect::<Vec<f32>>();
        let scores = self.scores_of(&replicas, |replica| &replica.judge, self.tensor::<2>(best, [seeds.len(), p]));
        let judged = replicas.iter().zip(scores).zip(seeds);
        judged
            .map(|((replica, scores), &seed)| match self.nats(&scores) {
                nats if nats.is_finite() => {
                    Ok(HeldOut { nats, rows: held_out, step: replica.best_look * self.settings.look_every })
                }
                _ => Err(CriticError::Diverged(seed)),
            })
            .collect()
    }

    fn train_settings(&self) -> TrainSettings {
        let CriticSettings { batch_size, learning_rate, .. } = self.settings;
        let optimizer = OptimizerKind::Adam;
        let (epochs, momentum, weight_decay, noise_batch) = (1, 0.0, 0.0, 0);
        TrainSettings {
            epochs,
            batch_size,
            shuffle: true,
            optimizer,
            learning_rate,
            momentum,
            weight_decay,
            noise_batch,
        }
    }

    /// [P]: g's, then h's.
    fn initial_parameters(&self, seed: u64) -> Vec<f32> {
        let rng = &mut stream(seed, Purpose::Weights);
        let mut parameters = Vec::new();
        for side in &self.sides {
            let start = parameters.len();
            for layer in side.stack.layers() {
                Initialisation::He.draw(layer.inputs, layer.outputs, rng, &mut parameters);
                parameters.resize(start + layer.biases().end, 0.0);
            }
        }
        parameters
    }

    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.compute.device())
    }

    /// Rows of a side for every replica, [R, d, K].
    fn gather(&self, side: &Side, rows: &[&[u32]]) -> Tensor<3> {
        let (columns, k) = (side.stack.widths[0], rows[0].len());
        let mut x = vec![0.0; rows.len() * columns * k];
        for (rows, x) in rows.iter().zip(x.chunks_exact_mut(columns * k)) {
            gather(&side.patterns, rows, x);
        }
        self.tensor(x, [rows.len(), columns, k])
    }

    /// Scores [R, K, K] of g's and h's embeddings, [R, E, K] each.
    fn scores(&self, [a, b]: [Tensor<3>; 2], parameters: Tensor<2>) -> Tensor<3> {
        let of_g = self.sides[0].stack.n_parameters();
        let g = self.embed(&self.sides[0].stack, 0, a, parameters.clone());
        let h = self.embed(&self.sides[1].stack, of_g, b, parameters);
        g.swap_dims(1, 2).matmul(h) / self.settings.embedding as f64
    }

    /// The embedding, [R, E, K], of x [R, d, K] by a perceptron whose parameters start at `offset` in the leaf [R, P].
    fn embed(&self, stack: &Stack, offset: usize, x: Tensor<3>, parameters: Tensor<2>) -> Tensor<3> {
        #[cfg(feature = "flex")]
        if self.compute.is_fused() {
            return stack.layers().fold(x, |x, layer| {
                crate::fused::dense(x, parameters.clone(), Dense { offset: layer.offset + offset, ..layer })
            });
        }
        let replicas = parameters.dims()[0];
        let own = parameters.slice([0..replicas, offset..offset + stack.n_parameters()]);
        composed::logits(Architecture::Mlp, x, own, &[], stack)
    }

    /// The gradient of the loss, [R, P], on a batch; MINE's moving average with it.
    fn gradient(&self, rows: &[&[u32]], parameters: &Tensor<2>, average: &mut Option<Tensor<1>>) -> Tensor<2> {
        let x = [0, 1].map(|side| Tensor::from_inner(self.gather(&self.sides[side], rows)));
        let leaf = Tensor::<2>::from_inner(parameters.clone()).require_grad();
        let batch = Batch::new(self.scores(x, leaf.clone()));
        let losses = match self.bound {
            Bound::InfoNce => infonce::loss(&batch),
            Bound::InfoNceAnchor => infonce_anchor::loss(&batch),
            Bound::Nwj => nwj::loss(&batch),
            Bound::Mine => {
                let (losses, now) = mine::loss(&batch, average.take());
                *average = Some(now);
                losses
            }
            Bound::Smile { .. } => smile::loss(&batch, self.compute),
        };
        let mut gradients = losses.sum().backward();
        leaf.grad_remove(&mut gradients).unwrap_or_else(|| parameters.zeros_like())
    }

    /// Each replica's scores of some of its rows.
    fn scores_of<'r>(
        &self,
        replicas: &'r [Replica],
        rows: impl Fn(&'r Replica) -> &'r [u32],
        parameters: Tensor<2>,
    ) -> Vec<Scores> {
        let rows: Vec<&[u32]> = replicas.iter().map(rows).collect();
        let x = [0, 1].map(|side| self.gather(&self.sides[side], &rows));
        let scores = to_vec(self.scores(x, parameters).into_data());
        scores.chunks_exact(rows[0].len().pow(2)).map(|scores| Scores::new(scores.to_vec())).collect()
    }

    fn nats(&self, scores: &Scores) -> f64 {
        match self.bound {
            Bound::InfoNce => infonce::nats(scores),
            Bound::InfoNceAnchor => infonce_anchor::nats(scores),
            Bound::Nwj => nwj::nats(scores),
            Bound::Mine => mine::nats(scores),
            Bound::Smile { tau } => smile::nats(scores, tau),
        }
    }

    /// What training must improve on rows it does not see.
    fn objective(&self, scores: &Scores) -> f64 {
        match self.bound {
            Bound::Smile { .. } => -smile::held_out_loss(scores),
            Bound::InfoNceAnchor => -infonce_anchor::held_out_loss(scores),
            _ => self.nats(scores),
        }
    }
}
