//! What is known so far: rows, and which epochs were asked about, named, and came.

use std::collections::{BTreeMap, BTreeSet};

use infoplane_experiments::rows::{GradientRow, InformationRow, TrainingRow};

use crate::error::Error;
use crate::gradients::EpochMoments;
use crate::measurement::Measured;

/// The tables, in the order of epochs.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub information: Vec<InformationRow>,
    pub training: Vec<TrainingRow>,
    pub gradients: Vec<GradientRow>,
}

/// Shared by the recorder, burn-train's checkpointers and strategy, and the metrics.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub tables: Tables,
    pub notes: Vec<String>,
    /// The last epoch that the strategy was asked about, or that training was resumed after.
    pub last_epoch: Option<usize>,
    /// The last epoch that was named to be recorded.
    pub last_named: usize,
    /// Epochs that are to be recorded.
    named: BTreeSet<usize>,
    /// Epochs whose weights came, to be recorded or not.
    pub arrived: BTreeSet<usize>,
    /// Epochs that the tables hold.
    pub measured: BTreeSet<usize>,
    /// Epochs whose checkpoints are kept as files.
    pub to_files: BTreeSet<usize>,
    /// Gradients of epochs that are not measured yet.
    moments: BTreeMap<usize, EpochMoments>,
    /// What went wrong first.
    pub failure: Option<Error>,
}

impl Record {
    /// An epoch is over, with these gradients; whether it is to be recorded.
    pub fn end(&mut self, epoch: usize, is_named: bool, moments: EpochMoments) {
        // The gradients of the last epoch stay, since an early stop's last epoch is named by nobody.
        let named = &self.named;
        self.moments.retain(|before, _| named.contains(before));
        self.moments.insert(epoch, moments);
        self.last_epoch = Some(epoch);
        if is_named {
            self.last_named = epoch;
            self.named.insert(epoch);
        }
    }

    /// Whether an epoch's weights are to be recorded.
    pub fn wants(&self, epoch: usize) -> bool {
        self.named.contains(&epoch) && !self.measured.contains(&epoch)
    }

    /// Whether weights were to come, and have not.
    pub fn waits(&self) -> bool {
        self.named.iter().any(|epoch| !self.arrived.contains(epoch))
    }

    /// The gradients of an epoch.
    pub fn take_moments(&mut self, epoch: usize) -> EpochMoments {
        self.moments.remove(&epoch).unwrap_or_default()
    }

    /// Adds what an epoch gave.
    pub fn add(&mut self, epoch: usize, measured: Measured, gradients: Vec<GradientRow>) {
        self.measured.insert(epoch);
        self.tables.information.extend(measured.information);
        self.tables.training.extend(measured.training);
        self.tables.gradients.extend(gradients);
        self.notes.extend(measured.notes);
    }

    /// Training goes on after an epoch, with the tables up to it.
    pub fn resume(&mut self, epoch: usize, tables: Tables) {
        self.measured = tables.information.iter().map(|row| row.epoch).collect();
        self.last_named = self.measured.last().copied().unwrap_or(0);
        self.last_epoch = Some(epoch);
        self.tables = tables;
    }
}
