//! Class labels beside a layer, as people bring them: up to 4096 columns and 1000 classes, few rows, rare classes, unlike units, whole
//! numbers, decimals and the zeros of ReLU units.
//!
//! A class is a tuple of *levels*, each of L, one step apart on a line of its own in Gaussian noise σ. A line has one column, or m
//! columns in noise σ√m, whose mean is as good as the one; other columns are noise alone. Lines say nothing of one another, so
//! I(T;Y) is their number times that of one line: h(levels in noise) − h(noise) by quadrature; of rounded columns a sum over steps, of
//! columns cut off at 0 a quadrature and an atom. What changes no information (units, sinh, a reflection of all columns together) changes no
//! truth. Classes that no line separates are a parity.

use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Normal};

use super::gaussian::normal;
use super::{Kind, Problem, entropy_by_quadrature, gaussian_entropy};

/// How classes are laid out in columns.
#[derive(Debug, Clone, Copy)]
struct Layout {
    lines: usize,
    levels: u32,
    sigma: f64,
    /// Columns of each line.
    copies: usize,
    /// Columns that say nothing.
    silent: usize,
    /// Share of the first of two levels.
    first: f64,
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Plain,
    /// In units from thousandths to thousands.
    Units,
    /// sinh 2v: heavy tails.
    Tails,
    /// All columns reflected together.
    Mixed,
    /// The columns that say nothing share a factor three times as large; then all reflected together.
    Correlated,
    /// Rounded to multiples of so many σ.
    Rounded(f64),
    /// Cut off at the middle of the levels: a ReLU unit, half of whose values are 0.
    Cut,
}

const PLAIN: Layout = Layout { lines: 1, levels: 2, sigma: 0.5, copies: 1, silent: 0, first: 0.5 };

/// The problems.
pub fn problems() -> Vec<Problem> {
    let lines = |lines: usize, levels: u32, sigma: f64| Layout { lines, levels, sigma, ..PLAIN };
    let wide = |lines: usize, levels: u32, sigma: f64, columns: usize| Layout {
        lines,
        levels,
        sigma,
        copies: columns / lines,
        silent: columns % lines,
        ..PLAIN
    };
    let with_silent =
        |layout: Layout, columns: usize| Layout { silent: columns - layout.lines * layout.copies, ..layout };
    let rare = |layout: Layout| Layout { first: 0.95, ..layout };
    let nothing = |layout: Layout| Layout { sigma: f64::INFINITY, ..layout };
    let mut problems = Vec::new();
    let mut add = |layout: Layout, form: Form| problems.push(problem(layout, form));
    // One to four columns.
    for form in [Form::Plain, Form::Rounded(1.0), Form::Rounded(0.1), Form::Cut] {
        add(lines(1, 2, 0.5), form);
        add(lines(1, 2, 0.25), form);
        add(lines(1, 10, 0.5), form);
        add(lines(2, 2, 0.4), form);
        add(with_silent(lines(2, 2, 0.4), 4), form);
        add(with_silent(lines(1, 2, 0.35), 3), form);
        add(with_silent(nothing(lines(1, 2, 0.5)), 2), form);
        add(lines(1, 4, 0.4), form);
        add(lines(2, 3, 0.4), form);
    }
    for form in [Form::Units, Form::Tails, Form::Mixed] {
        add(with_silent(lines(1, 2, 0.35), 3), form);
        add(lines(2, 3, 0.4), form);
    }
    add(with_silent(lines(1, 2, 0.35), 3), Form::Correlated);
    add(with_silent(lines(2, 2, 0.4), 4), Form::Correlated);
    add(with_silent(lines(1, 2, 0.35), 16), Form::Correlated);
    add(with_silent(lines(3, 2, 0.35), 16), Form::Correlated);
    add(with_silent(lines(3, 2, 0.3), 64), Form::Correlated);
    add(rare(lines(1, 2, 0.5)), Form::Plain);
    add(with_silent(rare(lines(1, 2, 0.35)), 4), Form::Plain);
    add(rare(lines(1, 2, 0.35)), Form::Cut);
    add(rare(lines(1, 2, 0.35)), Form::Rounded(1.0));
    add(lines(2, 10, 0.5), Form::Plain);
    add(lines(2, 10, 0.25), Form::Plain);
    add(lines(3, 10, 0.5), Form::Plain);
    add(lines(3, 10, 0.25), Form::Plain);
    // Wider.
    for form in [Form::Plain, Form::Rounded(0.1)] {
        add(wide(1, 2, 0.5, 16), form);
        add(with_silent(lines(1, 2, 0.35), 16), form);
        add(wide(3, 2, 0.35, 16), form);
        add(with_silent(lines(3, 2, 0.35), 16), form);
        add(wide(1, 2, 0.5, 64), form);
        add(wide(3, 2, 0.3, 64), form);
        add(with_silent(lines(3, 2, 0.3), 64), form);
        add(wide(1, 10, 0.5, 64), form);
    }
    add(with_silent(lines(1, 2, 0.35), 16), Form::Cut);
    add(with_silent(lines(3, 2, 0.35), 16), Form::Cut);
    add(with_silent(lines(3, 2, 0.3), 64), Form::Cut);
    add(wide(3, 2, 0.3, 64), Form::Units);
    add(wide(3, 2, 0.3, 64), Form::Mixed);
    add(nothing(lines(3, 2, 0.5)), Form::Plain);
    add(with_silent(nothing(lines(3, 2, 0.5)), 32), Form::Plain);
    add(wide(3, 2, 0.3, 256), Form::Plain);
    add(wide(1, 10, 0.4, 256), Form::Plain);
    add(wide(3, 10, 0.2, 300), Form::Plain);
    add(wide(3, 2, 0.3, 1024), Form::Plain);
    add(wide(1, 10, 0.4, 4096), Form::Plain);
    add(wide(3, 10, 0.15, 4096), Form::Plain);
    add(with_silent(nothing(lines(3, 2, 0.5)), 4096), Form::Plain);
    problems.extend(
        [(2, 0.25), (2, 0.4), (4, 0.25), (16, 0.25), (64, 0.25)].map(|(columns, sigma)| parity(columns, sigma)),
    );
    problems
}

/// The class is whether the signs of two columns, ±½ in noise σ, differ; other columns are noise. No line separates the classes, and
/// no column by itself knows anything. With p_i the probability of a sign given its column, 1 − 2p = (1 − 2p_1)(1 − 2p_2), and
/// I = 1 − E h(p) by quadrature.
fn parity(columns: usize, sigma: f64) -> Problem {
    let peak = (2.0 * std::f64::consts::PI).sqrt().recip() / sigma;
    let of_one = |v: f64, mean: f64| peak * (-0.5 * ((v - mean) / sigma).powi(2)).exp();
    let step = 0.05 * sigma;
    let most = ((0.5 + 8.0 * sigma) / step).ceil() as i32;
    let column: Vec<(f64, f64)> = (-most..=most)
        .map(|at| f64::from(at) * step)
        .map(|v| {
            let (low, high) = (0.5 * of_one(v, -0.5), 0.5 * of_one(v, 0.5));
            let p = step * (low + high);
            (p, if p > 0.0 { (low - high) / (low + high) } else { 0.0 })
        })
        .collect();
    let h = |p: f64| if p > 0.0 && p < 1.0 { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() } else { 0.0 };
    let open: f64 =
        column.iter().flat_map(|a| column.iter().map(move |b| a.0 * b.0 * h(0.5 * (1.0 - a.1 * b.1)))).sum();
    let noise = if columns > 2 { format!(", {} of noise", columns - 2) } else { String::new() };
    let name = format!("parity of two signs, {columns} columns{noise}, σ = {sigma}");
    let layout = Layout { lines: 2, sigma, silent: columns - 2, ..PLAIN };
    let problem = Problem::labelled("classes, parity", name, 1.0 - open, 2, move |n, rng| {
        let (t, classes) = draw(layout, Form::Plain, n, rng);
        (t, classes.into_iter().map(|class| (class >> 1) ^ (class & 1)).collect())
    });
    let problem = problem.with_draws(5);
    if columns == 2 && sigma == 0.25 { problem.representative() } else { problem }
}

fn problem(layout: Layout, form: Form) -> Problem {
    let Layout { lines, levels, sigma, copies, silent, first } = layout;
    let columns = lines * copies + silent;
    let classes = levels.pow(lines as u32) as usize;
    let says = sigma.is_finite();
    let truth = if says { lines as f64 * of_line(layout, form) } else { 0.0 };
    let what = match form {
        Form::Plain => String::new(),
        Form::Units => ", unlike units".to_owned(),
        Form::Tails => ", heavy tails".to_owned(),
        Form::Mixed => ", all columns mixed".to_owned(),
        Form::Correlated => ", which is correlated".to_owned(),
        Form::Rounded(step) => format!(", rounded to {step} σ"),
        Form::Cut => ", cut off at 0".to_owned(),
    };
    let silent_too = match (says, silent) {
        (false, _) => ", all of noise".to_owned(),
        (true, 0) => format!(", σ = {sigma}"),
        (true, _) if copies > 1 => format!(", σ = {sigma}"),
        (true, silent) => format!(", {silent} of noise, σ = {sigma}"),
    };
    let rare = if first == 0.5 { "" } else { ", one rare" };
    let name = format!("{classes} classes{rare}, {columns} columns{silent_too}{what}");
    let (family, kind) = match form {
        Form::Rounded(_) => ("classes, rounded", Kind::LabelsOfLattice),
        Form::Cut => ("classes, cut off", Kind::LabelsOfZeros),
        _ if columns > 20 => ("classes, wide", Kind::Labels),
        _ => ("classes", Kind::Labels),
    };
    let is_representative = says && lines == 2 && levels == 2 && silent == 0 && columns == 2
        || columns == 64 && levels == 10 && form == Form::Plain;
    let problem =
        Problem::labelled(family, name, truth, classes, move |n, rng| draw(layout, form, n, rng)).of_kind(kind);
    let problem = problem.with_draws(if columns > 100 { 2 } else { 5 });
    if is_representative { problem.representative() } else { problem }
}

/// n rows and their classes.
fn draw(layout: Layout, form: Form, n: usize, rng: &mut ChaCha8Rng) -> (Array2<f64>, Vec<usize>) {
    let Layout { lines, levels, sigma, copies, silent, first } = layout;
    let level = |rng: &mut ChaCha8Rng| {
        if levels == 2 { u32::from(rng.random_range(0.0..1.0) >= first) } else { rng.random_range(0..levels) }
    };
    let of_rows: Vec<Vec<u32>> = (0..n).map(|_| (0..lines).map(|_| level(rng)).collect()).collect();
    let middle = f64::from(levels - 1) / 2.0;
    let noise = normal(n, lines * copies + silent, rng);
    let unit = if sigma.is_finite() { sigma * (copies as f64).sqrt() } else { 1.0 };
    let mut t = noise * unit;
    if sigma.is_finite() {
        for (mut row, of_row) in t.outer_iter_mut().zip(&of_rows) {
            for (column, value) in row.iter_mut().take(lines * copies).enumerate() {
                *value += f64::from(of_row[column % lines]) - middle;
            }
        }
    }
    match form {
        Form::Plain => {}
        Form::Units => {
            t.axis_iter_mut(Axis(1)).enumerate().for_each(|(at, mut column)| column *= 10_f64.powi(at as i32 % 7 - 3));
        }
        Form::Tails => t.mapv_inplace(|v| (2.0 * v).sinh()),
        Form::Mixed => reflect(&mut t),
        Form::Correlated => {
            for mut row in t.outer_iter_mut() {
                let factor: f64 = StandardNormal.sample(rng);
                row.iter_mut().skip(lines * copies).for_each(|value| *value += 3.0 * unit * factor);
            }
            reflect(&mut t);
        }
        Form::Rounded(step) => t.mapv_inplace(|v| (v / (step * unit)).round() * (step * unit)),
        Form::Cut => t.mapv_inplace(|v| v.max(0.0)),
    }
    let class =
        |levels_of: &Vec<u32>| levels_of.iter().fold(0, |class, &level| class * levels as usize + level as usize);
    (t, of_rows.iter().map(class).collect())
}

/// I − 2uuᵀ/u·u with u = (1, 2, …), on every row.
fn reflect(t: &mut Array2<f64>) {
    let u = Array1::from_shape_fn(t.ncols(), |column| column as f64 + 1.0);
    let square = u.dot(&u);
    for mut row in t.outer_iter_mut() {
        let along = 2.0 * row.dot(&u) / square;
        row.scaled_add(-along, &u);
    }
}

/// I(T;Y) of one line.
fn of_line(layout: Layout, form: Form) -> f64 {
    let Layout { levels, sigma, copies, .. } = layout;
    let law = Normal::standard();
    let middle = f64::from(levels - 1) / 2.0;
    let share = |level: u32| match (levels, level) {
        (2, 0) => layout.first,
        (2, _) => 1.0 - layout.first,
        _ => 1.0 / f64::from(levels),
    };
    let means: Vec<(f64, f64)> = (0..levels).map(|level| (f64::from(level) - middle, share(level))).collect();
    let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
    let of_one = |v: f64, mean: f64| peak / sigma * (-0.5 * ((v - mean) / sigma).powi(2)).exp();
    let density = |v: f64| means.iter().map(|&(mean, p)| p * of_one(v, mean)).sum::<f64>();
    let reach = middle + 12.0 * sigma;
    let plogp = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    match form {
        // Steps fine enough to cost nothing, where one line has several columns.
        Form::Rounded(step) if copies == 1 => {
            let width = step * sigma;
            let most = (reach / width).ceil() as i32;
            let in_step = |at: i32, mean: f64| {
                let below = |edge: f64| law.cdf((edge * width - mean) / sigma);
                below(f64::from(at) + 0.5) - below(f64::from(at) - 0.5)
            };
            (-most..=most)
                .map(|at| {
                    let of_all: f64 = means.iter().map(|&(mean, p)| p * in_step(at, mean)).sum();
                    plogp(of_all) - means.iter().map(|&(mean, p)| p * plogp(in_step(at, mean))).sum::<f64>()
                })
                .sum()
        }
        Form::Cut => {
            let below = |mean: f64| law.cdf(-mean / sigma);
            let atom: f64 = means.iter().map(|&(mean, p)| p * below(mean)).sum();
            let of_all = plogp(atom) + entropy_by_quadrature(0.0, reach, density);
            let within = means
                .iter()
                .map(|&(mean, p)| p * (plogp(below(mean)) + entropy_by_quadrature(0.0, reach, |v| of_one(v, mean))));
            of_all - within.sum::<f64>()
        }
        _ => entropy_by_quadrature(-reach, reach, density) - gaussian_entropy(sigma),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_information_computed_elsewhere() {
        // A sign in Gaussian noise of 1, by scipy: 0.4860 bits; of what is cut off at 0 less, of rounded a little less.
        let plain = of_line(PLAIN, Form::Plain);
        approx::assert_abs_diff_eq!(plain, 0.485_92, epsilon = 2e-4);
        approx::assert_abs_diff_eq!(of_line(PLAIN, Form::Rounded(0.1)), plain, epsilon = 1e-3);
        let coarse = of_line(PLAIN, Form::Rounded(1.0));
        let cut = of_line(PLAIN, Form::Cut);
        assert!(coarse < plain && coarse > 0.9 * plain && cut < plain && cut > 0.5 * plain, "{coarse} {cut}");
        // Signs that are certain have a certain parity; of uncertain ones less is known than of either.
        assert!(parity(2, 0.05).truth_bits > 0.999 && parity(2, 0.5).truth_bits < 0.6 * plain);
        // Far apart: all of H(Y).
        let far = Layout { sigma: 0.01, levels: 10, ..PLAIN };
        approx::assert_abs_diff_eq!(of_line(far, Form::Plain), 10_f64.log2(), epsilon = 1e-3);
    }

    #[test]
    fn columns_and_classes_are_as_they_say() {
        for problem in problems() {
            let (t, joint) = problem.draw(60, 1).labelled.unwrap();
            assert!(problem.name.contains(&format!(" {} columns", t.ncols())), "{}", problem.name);
            assert!(joint.n_y() <= problem.classes && problem.truth_bits <= (problem.classes as f64).log2() + 1e-9);
        }
    }
}
