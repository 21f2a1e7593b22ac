//! The paper's network trained by burn-train gives what our own engine gives.

use infoplane_experiments::rows::{self, GradientRow, TrainingRow};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::gradient::GradientMoments;
use infoplane_info::{Estimator, Sample};
use infoplane_model::{Backend, GradientMode, OptimizerKind, Replica, TrainSettings, Training};
use infoplane_train::{Epochs, RecordPlane, Recorder, WithGradients};

use crate::paper::{BATCH, BINS, Case, RATE, SEED, layers, recorded};

/// Smooth: where bins have edges, the last bit of an activation may move a pattern to the next.
const KERNELS: &str = "kde:variance=0.1";
const EPOCHS: [usize; 7] = [0, 1, 2, 5, 10, 20, 40];

const SETTINGS: TrainSettings = TrainSettings {
    epochs: 40,
    batch_size: BATCH,
    shuffle: true,
    optimizer: OptimizerKind::Sgd,
    learning_rate: RATE,
    momentum: 0.0,
    weight_decay: 0.0,
    noise_batch: 0,
};

fn ours(case: &Case) -> Training<'static> {
    let block = vec![Replica { seed: SEED, train: case.train.clone(), labels: case.labels.clone() }];
    let compute = Backend::Flex.open(0).unwrap();
    Training::new(case.network.clone(), case.task.inputs.view(), block, &SETTINGS, &EPOCHS, &compute)
        .unwrap()
        .collect_gradients(GradientMode::Moving)
}

#[test]
fn the_papers_network_has_the_information_losses_and_gradients_that_our_engine_measures() {
    let case = Case::new();
    let plane = case.plane_of_sample().estimators([KERNELS, BINS]).epochs(Epochs::These(EPOCHS.into_iter().collect()));
    let (model, x) = (WithGradients::new(case.model()), case.patterns());
    let recorder = Recorder::new(&model, plane, case.results(), move |model| layers(model, x.clone()));
    let recorder = recorder.unwrap().gradients_of(&model);
    let result = case.training(40).record_plane(&recorder).launch(Case::learner(model));
    recorder.finish(&result).unwrap();
    assert_eq!(recorded(&recorder), EPOCHS);

    let estimators: [EstimatorKind; 2] = [KERNELS, BINS].map(|name| name.parse().unwrap());
    let training: Vec<TrainingRow> = rows::of(&case.results()).unwrap();
    let gradients: Vec<GradientRow> = rows::of(&case.results()).unwrap();
    let (mut information, mut training, mut gradients) =
        (recorder.rows().into_iter(), training.into_iter(), gradients.into_iter().peekable());
    let (mut most, mut most_of_gradients) = ([0.0_f64; 2], 0.0_f64);
    for snapshot in ours(&case) {
        let replica = snapshot.replicas[0].as_ref().unwrap();
        for layer in &replica.layers {
            let t = layer.activation.mapv(f64::from);
            for (estimator, most) in estimators.iter().zip(&mut most) {
                let ours = estimator.estimate(&Sample::new(t.t(), &case.task.joint).unwrap()).unwrap();
                let row = information.next().unwrap();
                assert_eq!((row.epoch, row.estimator), (snapshot.epoch, estimator.to_string()));
                *most = most.max((row.i_xt_bits - ours.i_xt.bits).abs()).max((row.i_ty_bits - ours.i_ty.bits).abs());
            }
        }
        let row = training.next().unwrap();
        assert_eq!((row.epoch, row.updates), (snapshot.epoch, 14 * snapshot.epoch));
        let hits = case.train.iter().filter(|&&x| {
            let (of_0, of_1) = (replica.logits()[[0, x as usize]], replica.logits()[[1, x as usize]]);
            u32::from(of_1 > of_0) == case.labels[x as usize]
        });
        assert!((row.train_accuracy - hits.count() as f64 / case.train.len() as f64).abs() < 1e-3);

        let mut moments = GradientMoments::new(replica.parameters.len());
        replica.gradients.iter().for_each(|gradient| moments.add(gradient));
        for (index, layer) in case.network.stack().layers().enumerate() {
            for (part, range) in [("kernel", layer.kernel()), ("bias", layer.biases())] {
                let Some(norms) = moments.norms(range) else { continue };
                let row = gradients.next().unwrap();
                assert_eq!((row.epoch, row.layer, row.part.as_str()), (snapshot.epoch, index + 1, part));
                let differences = [row.gradient_mean_norm / norms.mean, row.gradient_std_norm / norms.std];
                most_of_gradients = differences.iter().fold(most_of_gradients, |most, d| most.max((d - 1.0).abs()));
            }
        }
    }
    assert!(information.next().is_none() && training.next().is_none() && gradients.peek().is_none());
    println!("largest differences: {most:?} bits of information, {most_of_gradients:.1e} of a gradient norm");
    // Of the bins, a pattern or two may lie on the other side of an edge.
    assert!(most[0] < 1e-4 && most[1] < 1e-3, "{most:?} bits");
    assert!(most_of_gradients < 1e-3, "{most_of_gradients}");
}
