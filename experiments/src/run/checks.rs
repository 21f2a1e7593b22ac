//! What is refused before hours are spent on the way there.

use anyhow::{Result, bail, ensure};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::binning::{Binning, Bins};
use infoplane_model::{Activation, Architecture};

use super::Settings;
use crate::tasks::Task;

/// Two gigabytes of single-precision numbers, of which several copies are alive at a time.
const MOST_NUMBERS: f64 = 5e8;

impl<V> Settings<V> {
    /// Refuses networks whose weights, or activations over all patterns, fit no memory.
    pub(super) fn check_size(&self, task: &Task, replicas: usize) -> Result<()> {
        let together = self.compute.block.min(replicas) as f64;
        let hidden = || self.model.hidden.iter().map(|&width| width as f64);
        let rows = task.inputs.nrows() as f64 * self.model.architecture.draws() as f64;
        let activations = together * rows * hidden().sum::<f64>();
        let inputs = std::iter::once(task.inputs.ncols() as f64).chain(hidden());
        let weights = together * inputs.zip(hidden().chain([task.joint.n_y() as f64])).map(|(n, m)| n * m).sum::<f64>();
        ensure!(
            activations.max(weights) <= MOST_NUMBERS,
            "model.hidden: {together} networks of these widths together have {weights:.1e} weights and {activations:.1e} activations \
             over all patterns, and {MOST_NUMBERS:.0e} at most can be held; make layers narrower, or compute.block smaller"
        );
        Ok(())
    }
}

/// Refuses what cannot measure a noisy network: its layers are random given X, and how is known to one estimator alone.
pub(super) fn noise(architecture: Architecture, estimators: &[&EstimatorKind], bound: bool) -> Result<()> {
    let Architecture::Noisy { sigma, .. } = architecture else { return Ok(()) };
    ensure!(!bound, "layers of a noisy network are not tested against the bound; use another model.architecture");
    if let Some(other) =
        estimators.iter().find(|kind| !matches!(kind, EstimatorKind::Noisy(noisy) if noisy.sigma == sigma))
    {
        bail!(
            "the estimator {other} does not know the noise of a network {}: set measure.estimators and \
             measure.costly_estimators to [\"noisy:sigma={sigma}\"] or to none",
            String::from(architecture)
        );
    }
    Ok(())
}

/// Refuses bins whose range an activation can leave: that is known before training.
pub(super) fn estimators(ranges: &[(Activation, (f64, f64))], estimators: &[&EstimatorKind]) -> Result<()> {
    for estimator in estimators {
        let EstimatorKind::Binning(Binning { bins: bins @ Bins::Range { .. }, on_net_input }) = estimator else {
            continue;
        };
        ensure!(
            !on_net_input,
            "the estimator {estimator} of measure.estimators cannot hold net inputs, which have no range"
        );
        // The output layer lies in [0, 1] whatever the hidden layers do.
        let (low, high) = bins.range();
        for &(activation, (least, most)) in ranges {
            if least < low || most > high || low > 0.0 || high < 1.0 {
                bail!(
                    "the estimator {estimator} of measure.estimators cannot hold the activations of {activation} layers, \
                     {least} to {most}, and of the output, 0 to 1; binning:width=… has no range"
                );
            }
        }
    }
    Ok(())
}
