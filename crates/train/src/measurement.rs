//! Layers at an epoch become rows: information through every estimator, losses and accuracies.

use infoplane_experiments::measure::{self, Moment};
use infoplane_experiments::methods::Method;
use infoplane_experiments::rows::{Condition, InformationRow, TrainingRow};
use infoplane_info::{Estimator, JointDistribution, Sample};

use crate::error::Error;
use crate::layer::Layer;
use crate::plane::{Plane, Trained};

/// All that does not change from epoch to epoch.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub joint: JointDistribution,
    pub methods: Vec<Method>,
    pub condition: Condition,
    pub names: Vec<String>,
    pub replica: usize,
    pub seed: u64,
    trained: Option<Trained>,
}

/// What an epoch gives.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub information: Vec<InformationRow>,
    pub training: Option<TrainingRow>,
    pub notes: Vec<String>,
}

impl Measurement {
    /// Of a plane, whose layers are those of the start.
    pub fn new(plane: &Plane, methods: Vec<Method>, first: &[Layer]) -> Result<Self, Error> {
        let names: Vec<String> = first.iter().map(|layer| layer.name.clone()).collect();
        let trained = plane.trained()?;
        let outputs = first.last().and_then(|layer| layer.logits.as_ref()).map(ndarray::Array2::ncols);
        let classes = plane.joint.n_y();
        match outputs {
            Some(outputs) if outputs != classes && (outputs, classes) != (1, 2) => {
                return Err(Error::Outputs { outputs, classes });
            }
            _ => (),
        }
        Ok(Self {
            joint: plane.joint.clone(),
            methods,
            condition: plane.condition(&names),
            names,
            replica: plane.replica,
            seed: plane.seed,
            trained,
        })
    }

    /// Updates of the weights in so many epochs.
    fn updates(&self, epoch: usize) -> usize {
        self.trained.as_ref().map_or(0, |trained| epoch * trained.split.train.len().div_ceil(trained.batch_size))
    }

    pub fn rows(&self, layers: &[Layer], epoch: usize) -> Result<Measured, Error> {
        let now: Vec<String> = layers.iter().map(|layer| layer.name.clone()).collect();
        if now != self.names {
            return Err(Error::Names { epoch, before: self.names.clone(), now });
        }
        let mut measured = Measured { training: self.training(layers, epoch), ..Measured::default() };
        for (index, layer) in layers.iter().enumerate() {
            for method in &self.methods {
                let information = Sample::new(layer.values.view(), &self.joint).and_then(|t| method.estimate(&t));
                let information = match information {
                    Ok(information) => information,
                    // What refuses at once is a wrong setting; what refuses later shall not cost what was trained.
                    Err(source) if epoch > 0 => {
                        let note = format!("left out: {method} on layer \"{}\" at epoch {epoch}: {source}", layer.name);
                        measured.notes.push(note);
                        continue;
                    }
                    Err(source) => {
                        let (estimator, layer) = (method.to_string(), layer.name.clone());
                        return Err(Error::Estimate { estimator, layer, source });
                    }
                };
                let Condition { dataset, architecture, condition, activation, train_fraction } = self.condition.clone();
                measured.information.push(InformationRow {
                    dataset,
                    architecture,
                    condition,
                    activation,
                    train_fraction,
                    replica: self.replica,
                    seed: self.seed,
                    epoch,
                    layer: index + 1,
                    estimator: method.to_string(),
                    i_xt_bits: information.i_xt.bits,
                    i_ty_bits: information.i_ty.bits,
                });
            }
        }
        Ok(measured)
    }

    /// Losses and accuracies, where the last layer has logits and the training sample is known.
    fn training(&self, layers: &[Layer], epoch: usize) -> Option<TrainingRow> {
        let logits = layers.last()?.logits.as_ref()?;
        let trained = self.trained.as_ref()?;
        let Self { condition, replica, seed, .. } = self;
        let moment = Moment { condition, replica: *replica, seed: *seed, epoch, updates: self.updates(epoch) };
        Some(measure::training_of_logits(logits.t(), &self.joint, &trained.split, moment))
    }
}
