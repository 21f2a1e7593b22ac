//! A running training in the terminal: the information plane as it fills, and the losses.
//!
//! [ratatui](https://ratatui.rs) draws, below the prompt and without taking the keyboard, so that Ctrl-C stops the run as
//! always and the last picture stays. burn-train's renderer plots a metric against the epoch and knows no plane; it comes with the
//! learner, whose price is in ARCHITECTURE.md. What is watched is the condition that began last, through the first estimator.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Stderr, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::canvas::{Canvas, Points};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::rows::{InformationRow, TrainingRow};
use crate::terminal::say;

/// Lines of the terminal the view takes.
const HEIGHT: u16 = 22;
/// The view is drawn anew no sooner than this.
const PAUSE: Duration = Duration::from_millis(100);
/// Okabe & Ito's palette; the layer's number is its sign.
const COLOURS: [Color; 6] = [
    Color::Rgb(86, 180, 233),
    Color::Rgb(213, 94, 0),
    Color::Rgb(0, 158, 115),
    Color::Rgb(204, 121, 167),
    Color::Rgb(230, 159, 0),
    Color::Rgb(240, 228, 66),
];

/// The view, shared by the threads that train.
#[derive(Debug)]
pub struct Watch {
    view: Mutex<View<CrosstermBackend<Stderr>>>,
}

#[derive(Debug)]
struct View<B: Backend> {
    terminal: Terminal<B>,
    drawn: Option<Instant>,
    watched: Watched,
}

/// What is known about the condition that is watched.
#[derive(Debug, Default)]
struct Watched {
    /// Its name.
    condition: String,
    /// All conditions begun.
    begun: Vec<String>,
    estimator: Option<String>,
    epoch: usize,
    /// The latest place of each layer of each network.
    places: BTreeMap<(usize, usize), (f64, f64)>,
    /// Every place a layer has been at.
    trails: BTreeMap<usize, Vec<(f64, f64)>>,
    /// By epoch: sums of training and test losses, and networks.
    losses: BTreeMap<usize, (f64, f64, usize)>,
}

impl Watch {
    /// Opens the view below the prompt.
    ///
    /// # Errors
    /// If the error stream is no terminal, or one that cannot be drawn in.
    pub fn open() -> Result<Self> {
        ensure!(
            stderr().is_terminal(),
            "--watch draws in a terminal, and the error stream is none: the run goes on without the view"
        );
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        let terminal = Terminal::with_options(CrosstermBackend::new(stderr()), options)
            .context("--watch cannot draw in this terminal: the run goes on without the view")?;
        Ok(Self { view: Mutex::new(View { terminal, drawn: None, watched: Watched::default() }) })
    }

    /// A layer has been measured.
    pub fn sees(&self, row: &InformationRow) {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).watched.add(row);
    }

    /// A network's losses have been measured; `status` says how far the run is.
    pub fn sees_losses(&self, row: &TrainingRow, status: impl Fn() -> String) {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.watched.add_losses(row);
        if view.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            view.draw(&status());
        }
    }

    /// Draws a last time and leaves the picture standing.
    pub fn close(&self, status: &str) {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).draw(status);
        say!("");
    }
}

impl<B: Backend> View<B> {
    fn draw(&mut self, status: &str) {
        let Self { terminal, watched, .. } = self;
        // A view that cannot be drawn once more is no reason to stop a training.
        let _ = terminal.draw(|frame| watched.draw(frame, status));
        self.drawn = Some(Instant::now());
    }
}

impl Watched {
    fn add(&mut self, row: &InformationRow) {
        let InformationRow { condition, activation, train_fraction, dataset, .. } = row;
        let name = format!("{condition}, {dataset}, {activation}, {} % train", train_fraction * 100.0);
        if !self.begun.contains(&name) {
            self.begun.push(name.clone());
            let (begun, estimator) = (std::mem::take(&mut self.begun), self.estimator.take());
            *self = Self { condition: name.clone(), begun, estimator, ..Self::default() };
        }
        if name != self.condition || self.estimator.get_or_insert_with(|| row.estimator.clone()) != &row.estimator {
            return;
        }
        let place = (row.i_xt_bits, row.i_ty_bits);
        if place.0.is_finite() && place.1.is_finite() {
            self.epoch = self.epoch.max(row.epoch);
            self.places.insert((row.layer, row.replica), place);
            self.trails.entry(row.layer).or_default().push(place);
        }
    }

    fn add_losses(&mut self, row: &TrainingRow) {
        let TrainingRow { condition, activation, train_fraction, dataset, .. } = row;
        if self.condition == format!("{condition}, {dataset}, {activation}, {} % train", train_fraction * 100.0) {
            let sums = self.losses.entry(row.epoch).or_default();
            *sums = (sums.0 + row.train_loss_bits, sums.1 + row.test_loss_bits.unwrap_or(f64::NAN), sums.2 + 1);
        }
    }

    fn draw(&self, frame: &mut Frame, status: &str) {
        let [body, bottom] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
        let [plane, losses] = Layout::horizontal([Constraint::Percentage(62), Constraint::Percentage(38)]).areas(body);
        self.draw_plane(frame, plane);
        self.draw_losses(frame, losses);
        frame.render_widget(Paragraph::new(status), bottom);
        // Where the prompt would be: a run that is stopped leaves the cursor to be seen.
        frame.set_cursor_position(Position::new(bottom.x, bottom.y));
    }

    fn draw_plane(&self, frame: &mut Frame, area: Rect) {
        let all = || self.trails.values().flatten();
        let right = all().map(|place| place.0).fold(1.0, f64::max) * 1.03;
        let top = all().map(|place| place.1).fold(0.1, f64::max) * 1.05;
        let about = format!("{} · epoch {}", self.condition, self.epoch);
        let estimator = self.estimator.as_deref().unwrap_or_default();
        let axes = format!("→ I(X;T) ≤ {right:.1}, ↑ I(T;Y) ≤ {top:.2} bits · {estimator}");
        let canvas = Canvas::default()
            .block(Block::bordered().title(about).title_bottom(axes))
            .marker(Marker::Braille)
            .x_bounds([0.0, right])
            .y_bounds([0.0, top])
            .paint(|canvas| {
                for trail in self.trails.values() {
                    canvas.draw(&Points { coords: trail, color: Color::DarkGray });
                }
                canvas.layer();
                for (&(layer, _), &(x, y)) in &self.places {
                    canvas.print(x, y, Line::styled(layer.to_string(), Style::new().fg(colour(layer))));
                }
            });
        frame.render_widget(canvas, area);
    }

    fn draw_losses(&self, frame: &mut Frame, area: Rect) {
        let scale = |epoch: usize| (1.0 + epoch as f64).log10();
        let mean = |of: fn(&(f64, f64, usize)) -> f64| -> Vec<(f64, f64)> {
            let points = self.losses.iter().map(|(&epoch, sums)| (scale(epoch), of(sums) / sums.2 as f64));
            points.filter(|point| point.1.is_finite()).collect()
        };
        let (train, test) = (mean(|sums| sums.0), mean(|sums| sums.1));
        let most = train.iter().chain(&test).map(|point| point.1).fold(0.1, f64::max) * 1.05;
        let last = self.losses.keys().last().copied().unwrap_or(1).max(1);
        let line = |name: &'static str, points, colour| {
            let line = Dataset::default().name(name).marker(Marker::Braille).graph_type(GraphType::Line);
            line.style(Style::new().fg(colour)).data(points)
        };
        let middle = 10_f64.powf(scale(last) / 2.0).round() - 1.0;
        let epochs =
            Axis::default().bounds([0.0, scale(last)]).labels(["0".to_owned(), middle.to_string(), last.to_string()]);
        let bits = Axis::default().bounds([0.0, most]).labels(["0".to_owned(), format!("{most:.2}")]);
        let chart = Chart::new(vec![line("train", &train, COLOURS[0]), line("test", &test, COLOURS[4])])
            .block(Block::bordered().title("loss in bits, by epoch"))
            .x_axis(epochs)
            .y_axis(bits);
        frame.render_widget(chart, area);
    }
}

fn colour(layer: usize) -> Color {
    COLOURS[layer.saturating_sub(1) % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;

    fn row(activation: &str, epoch: usize, layer: usize, i_xt_bits: f64) -> InformationRow {
        InformationRow {
            dataset: "o3".to_owned(),
            architecture: "2-1".to_owned(),
            condition: "default".to_owned(),
            activation: activation.to_owned(),
            train_fraction: 0.85,
            replica: 0,
            seed: 1,
            epoch,
            layer,
            estimator: "e".to_owned(),
            i_xt_bits,
            i_ty_bits: 0.5,
        }
    }

    #[test]
    fn layers_are_drawn_where_they_are_and_the_last_condition_is_watched() {
        let mut watched = Watched::default();
        [row("tanh", 0, 1, 12.0), row("tanh", 0, 2, 2.0), row("tanh", 8, 2, 6.0)]
            .iter()
            .for_each(|row| watched.add(row));
        // Another estimator, and what has no place in the plane, are not shown.
        watched.add(&InformationRow { estimator: "other".to_owned(), ..row("tanh", 9, 2, 1.0) });
        watched.add(&row("tanh", 9, 1, f64::INFINITY));
        let mut terminal = Terminal::new(TestBackend::new(100, HEIGHT)).unwrap();
        terminal.draw(|frame| watched.draw(frame, "half of it")).unwrap();
        let lines: Vec<String> = terminal
            .backend()
            .buffer()
            .content()
            .chunks(100)
            .map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect();
        assert!(lines[0].contains("tanh, 85 % train · epoch 8") && lines[21].starts_with("half of it"), "{lines:#?}");
        let inside: Vec<&str> = lines[1..20].iter().map(|line| line.split('│').nth(1).unwrap()).collect();
        let place = |sign: char| inside.iter().find_map(|line| line.chars().position(|c| c == sign)).unwrap() as f64;
        assert!((place('2') / place('1') - 0.5).abs() < 0.05, "{lines:#?}");

        watched.add(&row("relu", 0, 1, 3.0));
        watched.add(&row("tanh", 9, 1, 3.0));
        assert!(watched.condition.contains("relu") && watched.places.len() == 1 && watched.epoch == 0);
    }
}
