//! The specification curve of a claim: every universe's value in ascending order, coloured by what it says, above what was chosen in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, distinct, marker};
use crate::verdict::{Claim, Outcome, Universe};

/// Universes that are drawn at most; of more, so many at equal distances.
const MOST: usize = 400;
/// Height of a line of choices, in which the curve is measured too.
const LINE: f64 = 15.0;
/// Lines from one tick of the curve's axis to the next, and ticks at most.
const TICK: f64 = 3.0;
const TICKS: f64 = 7.0;
/// Values of a factor that have lines of their own at most.
const VALUES: usize = 16;

/// Yes, no, undecided.
const COLOURS: [&str; 3] = ["#0072b2", "#d55e00", "#999999"];

/// Draws every claim that has universes, a figure for each quantity's unit: `multiverse_CLAIM`.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(claims: &[Claim], universes: &[Universe], drawing: Drawing) -> Result<()> {
    for claim in claims {
        let of: Vec<&Universe> = universes.iter().filter(|universe| claim.is_of(&universe.row)).collect();
        if of.len() > 1 {
            draw_claim(claim, of, drawing)?;
        }
    }
    Ok(())
}

fn draw_claim(claim: &Claim, mut universes: Vec<&Universe>, drawing: Drawing) -> Result<()> {
    universes.sort_by(|a, b| a.row.value.total_cmp(&b.row.value));
    let all = universes.len();
    let step = all as f64 / all.min(MOST) as f64;
    let shown: Vec<&Universe> = (0..all.min(MOST)).map(|k| universes[(k as f64 * step) as usize]).collect();
    let unit = &shown[0].row.unit;
    let end = shown.len() as f64 + 0.5;

    // One panel, so that choices stand under their values: lines of choices from 1 on, the curve above them in the same units.
    let lines = lines(&shown);
    let bottom = lines.len() as f64 + 2.0;
    let ends = shown.iter().flat_map(|universe| {
        let row = &universe.row;
        [row.lower.unwrap_or(row.value), row.upper.unwrap_or(row.value)]
    });
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    let step = tick((high - low) / TICKS);
    let (first, last) = ((low / step).floor(), (high / step).ceil().max((low / step).floor() + 1.0));
    let height = |value: f64| bottom + TICK * (value / step - first);

    let mut panel: Vec<Plot> = vec![
        LinePlot::new()
            .with_data(vec![(0.5, height(0.0)), (end, height(0.0))])
            .with_color("#444444")
            .with_dashed()
            .into(),
    ];
    for (k, universe) in shown.iter().enumerate() {
        if let (Some(lower), Some(upper)) = (universe.row.lower, universe.row.upper) {
            let x = (k + 1) as f64;
            panel.push(
                LinePlot::new()
                    .with_data(vec![(x, height(lower)), (x, height(upper))])
                    .with_color(COLOURS[universe.row.outcome as usize])
                    .with_stroke_width(0.6)
                    .into(),
            );
        }
    }
    for outcome in [Outcome::Supported, Outcome::Refuted, Outcome::Undecided] {
        panel.extend(points(&shown, outcome, |universe| Some(height(universe.row.value)), 2.6));
        for (k, (name, value)) in lines.iter().enumerate() {
            let at = (lines.len() - k) as f64;
            panel.extend(points(&shown, outcome, |universe| (value_of(universe, name) == *value).then_some(at), 1.6));
        }
    }
    let mut labels: BTreeMap<usize, String> =
        lines.iter().rev().enumerate().map(|(k, (name, value))| (k + 1, format!("{name}: {value}"))).collect();
    for k in 0..=(last - first) as usize {
        let value = (first + k as f64) * step;
        labels.insert((bottom + TICK * k as f64) as usize, format!("{} {unit}", (value * 1e6).round() / 1e6));
    }
    let top = bottom + TICK * (last - first);
    let layout = Layout::auto_from_plots(&panel)
        .with_x_label(if all > MOST { format!("{MOST} of {all} universes") } else { format!("{all} universes") })
        .with_x_axis_min(0.5)
        .with_x_axis_max(end)
        .with_y_axis_min(0.0)
        .with_y_axis_max(top + 1.0)
        .with_y_tick_step(1.0)
        .with_show_grid(false)
        .with_y_tick_format(TickFormat::Custom(Arc::new(move |y| {
            let k = y.round();
            if k < 0.0 || (y - k).abs() > 1e-6 {
                return String::new();
            }
            labels.get(&(k as usize)).cloned().unwrap_or_default()
        })));
    let legend = [("yes", 0), ("no", 1), ("undecided", 2)].map(|(label, k)| LegendEntry {
        label: label.to_owned(),
        color: COLOURS[k].to_owned(),
        shape: LegendShape::Marker(marker(k)),
        dasharray: None,
    });
    Sheet::new(claim.asks, 1, vec![panel], vec![layout])
        .cell(980.0, LINE * (top + 2.0) + 90.0)
        .legend(legend.into())
        .save(&format!("multiverse_{}", claim.id), drawing)
}

/// The next of 1, 2 and 5 times a power of ten.
fn tick(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-9).log10().floor());
    let of = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    of.into_iter().find(|&step| step >= least).unwrap_or(of[3])
}

fn points(shown: &[&Universe], outcome: Outcome, height: impl Fn(&Universe) -> Option<f64>, size: f64) -> Option<Plot> {
    let of = shown.iter().enumerate().filter(|(_, universe)| universe.row.outcome == outcome);
    let data: Vec<(f64, f64)> = of.filter_map(|(k, universe)| Some(((k + 1) as f64, height(universe)?))).collect();
    let k = outcome as usize;
    (!data.is_empty()).then(|| {
        ScatterPlot::new().with_data(data).with_color(COLOURS[k]).with_marker(marker(k)).with_size(size).into()
    })
}

/// The factors that differ between these universes, each with its values; those with too many are left out.
fn lines(shown: &[&Universe]) -> Vec<(&'static str, String)> {
    let mut names =
        vec!["condition", "activation", "train_fraction", "estimator", "compared_with", "measured", "level"];
    let keys: BTreeSet<&str> = shown.iter().flat_map(|universe| universe.choices.keys().copied()).collect();
    names.extend(keys);
    let of = |name: &'static str| {
        let values = distinct(shown.iter().map(|universe| value_of(universe, name)).filter(|value| !value.is_empty()));
        (1 < values.len() && values.len() <= VALUES).then(|| values.into_iter().map(move |value| (name, value)))
    };
    names.into_iter().filter_map(of).flatten().collect()
}

fn value_of(universe: &Universe, name: &str) -> String {
    let row = &universe.row;
    match name {
        "condition" => row.condition.clone(),
        "activation" => row.activation.clone(),
        "train_fraction" => row.train_fraction.map_or_else(String::new, |share| share.to_string()),
        "estimator" => row.estimator.clone(),
        "compared_with" => row.compared_with.clone(),
        "measured" => row.measured.clone(),
        "level" => row.level.clone(),
        key => universe.choices.get(key).cloned().unwrap_or_default(),
    }
}
