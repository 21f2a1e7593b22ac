//! A figure before it is drawn: a grid of panels with one title and one legend, for a paper or for slides, as SVG and PNG.
//!
//! Slides have the same panels, smaller, with the text, lines and signs of paper: drawn as large, everything is half as large again.
//! Titles and labels are as large as fits, so that none is cut.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use kuva::backend::png::PngBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::LegendEntry;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;

use super::dashes;
use crate::files::write_atomically;

/// Width of a letter, as a share of its size: DejaVu Sans, on the safe side.
const LETTER: f64 = 0.6;
/// Width of a legend without its words.
const LEGEND: f64 = 40.0;
/// The largest title of a figure, of a panel, and label of an axis.
const SIZES: [u32; 3] = [18, 17, 14];
/// What is still to be read.
const SMALLEST: u32 = 8;

/// What figures are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FigureStyle {
    /// The page of a paper
    #[default]
    Paper,
    /// A screen far away: larger text, lines and signs
    Slides,
}

impl FigureStyle {
    /// The size of panels, as a share of paper's.
    fn panel(self) -> f64 {
        match self {
            Self::Paper => 1.0,
            Self::Slides => 0.68,
        }
    }

    /// Pixels of PNG per unit of SVG.
    fn pixels(self) -> f32 {
        match self {
            Self::Paper => 2.0,
            Self::Slides => 3.0,
        }
    }
}

/// Where figures go, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// What for.
    pub style: FigureStyle,
}

/// A figure before it is drawn.
pub(crate) struct Sheet {
    title: String,
    columns: usize,
    cell: (f64, f64),
    last_column: Option<f64>,
    plots: Vec<Vec<Plot>>,
    layouts: Vec<Layout>,
    legend: Vec<LegendEntry>,
}

impl Sheet {
    /// Panels, row by row, in so many columns.
    pub(crate) fn new(title: impl Into<String>, columns: usize, plots: Vec<Vec<Plot>>, layouts: Vec<Layout>) -> Self {
        let (cell, last_column, legend) = ((360.0, 320.0), None, Vec::new());
        Self { title: title.into(), columns, cell, last_column, plots, layouts, legend }
    }

    /// The legend of all panels.
    pub(crate) fn legend(self, legend: Vec<LegendEntry>) -> Self {
        Self { legend, ..self }
    }

    /// Panels of this width and height instead of 360 × 320, on paper.
    pub(crate) fn cell(self, width: f64, height: f64) -> Self {
        Self { cell: (width, height), ..self }
    }

    /// The last column, a scale of colours, is so wide.
    pub(crate) fn last_column(self, width: f64) -> Self {
        Self { last_column: Some(width), ..self }
    }

    /// Writes `name.svg` and `name.png`.
    ///
    /// # Errors
    /// If the picture cannot be drawn or a file not written.
    pub(crate) fn save(self, name: &str, drawing: Drawing) -> Result<()> {
        // Networks that diverged at once leave nothing to draw.
        if self.plots.is_empty() {
            return Ok(());
        }
        let (width, height) = (self.cell.0 * drawing.style.panel(), self.cell.1 * drawing.style.panel());
        let all =
            width * (self.columns - usize::from(self.last_column.is_some())) as f64 + self.last_column.unwrap_or(0.0);
        // The title stands over panels and legend.
        let longest = self.legend.iter().map(|entry| entry.label.chars().count()).max();
        let all = all + longest.map_or(0.0, |letters| LEGEND + LETTER * 12.0 * letters as f64);
        let smallest = |texts: Vec<(Option<&String>, f64)>, most: u32| {
            texts.iter().filter_map(|(text, room)| Some(fitting(text.as_ref()?, *room, most))).min().unwrap_or(most)
        };
        let titles = smallest(self.layouts.iter().map(|l| (l.title.as_ref(), width)).collect(), SIZES[1]);
        let sides = |l| -> [(Option<&String>, f64); 2] {
            let l: &Layout = l;
            [(l.x_label.as_ref(), 0.85 * width), (l.y_label.as_ref(), 0.85 * height)]
        };
        let labels = smallest(self.layouts.iter().flat_map(sides).collect(), SIZES[2]);
        let layouts = self.layouts.into_iter().map(|l| logarithmic(l.with_title_size(titles).with_label_size(labels)));

        let mut figure = Figure::new(self.plots.len().div_ceil(self.columns), self.columns)
            .with_title_size(fitting(&self.title, all, SIZES[0]))
            .with_title(self.title)
            .with_layouts(layouts.collect())
            .with_plots(self.plots)
            .with_cell_size(width, height);
        if let Some(width) = self.last_column {
            figure = figure.with_col_width(self.columns - 1, width);
        }
        if !self.legend.is_empty() {
            figure = figure.with_shared_legend_right_middle().with_shared_legend_entries(self.legend);
        }
        let mut scene = figure.render();
        let svg = SvgBackend.render_scene(&scene);
        write_atomically(&drawing.folder.join(format!("{name}.svg")), svg.as_bytes())?;
        dashes::cut(&mut scene);
        let png = PngBackend::new()
            .with_scale(drawing.style.pixels())
            .render_scene(&scene)
            .map_err(|error| anyhow!("cannot draw {name}.png: {error}"))?;
        write_atomically(&drawing.folder.join(format!("{name}.png")), &png)
    }
}

/// The largest size, up to a most, at which a text fits into so much room.
fn fitting(text: &str, room: f64, most: u32) -> u32 {
    let size = room / (LETTER * text.chars().count().max(1) as f64);
    (size as u32).clamp(SMALLEST, most)
}

/// Logarithmic axes say powers of ten, and 2 and 5 between them where there is room.
fn logarithmic(layout: Layout) -> Layout {
    let (x, y) = (layout.x_range, layout.y_range);
    let is_plain = |format: &TickFormat| matches!(format, TickFormat::Auto);
    let format = |(low, high): (f64, f64)| {
        let only_powers = (high / low).log10() > 1.5;
        TickFormat::Custom(Arc::new(move |value| log_tick(value, only_powers)))
    };
    let (log_x, log_y) =
        (layout.log_x && is_plain(&layout.x_tick_format), layout.log_y && is_plain(&layout.y_tick_format));
    let layout = if log_x { layout.with_x_tick_format(format(x)) } else { layout };
    if log_y { layout.with_y_tick_format(format(y)) } else { layout }
}

fn log_tick(value: f64, only_powers: bool) -> String {
    let exponent = value.log10();
    let is_power = (exponent - exponent.round()).abs() < 1e-8;
    if !is_power && only_powers {
        return String::new();
    }
    if (1e-3 * 0.999..1e6).contains(&value) {
        return format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let power = (exponent + 1e-8).floor();
    let raised: String = format!("{power}").chars().map(superscript).collect();
    let digit = (value / 10_f64.powf(power)).round();
    if digit == 1.0 { format!("10{raised}") } else { format!("{digit}·10{raised}") }
}

fn superscript(digit: char) -> char {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    digit.to_digit(10).map_or('⁻', |digit| RAISED[digit as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_logarithmic_axes_are_short_and_alike() {
        let all = |values: &[f64]| values.iter().map(|&v| log_tick(v, false)).collect::<Vec<_>>();
        assert_eq!(all(&[0.05, 0.1, 1.0, 20.0, 10_000.0]), ["0.05", "0.1", "1", "20", "10000"]);
        assert_eq!(all(&[1e-6, 2e-5, 1e7]), ["10⁻⁶", "2·10⁻⁵", "10⁷"]);
        assert_eq!((log_tick(0.5, true), log_tick(0.01, true)), (String::new(), "0.01".to_owned()));
    }

    #[test]
    fn text_is_as_large_as_fits() {
        assert_eq!(fitting("short", 500.0, 18), 18);
        assert_eq!(fitting(&"x".repeat(50), 360.0, 18), 12);
        assert_eq!(fitting(&"x".repeat(500), 360.0, 18), SMALLEST);
    }
}
