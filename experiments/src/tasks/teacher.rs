//! A Gaussian teacher: x ~ N(0, 1) in d dimensions, and a label that a noisy linear teacher gives.
//!
//! y = 1 if w·x + σξ > 0 with w a random direction of length 1 and ξ ~ N(0, 1), so p(y = 1|x) = Φ(w·x/σ) exactly: the
//! classification version of the student–teacher task of Saxe et al. 2018 ("On the Information Bottleneck Theory of Deep
//! Learning", §3; Baldi & Hornik 1989). The n drawn patterns are all of X.

use anyhow::{Context, Result, bail, ensure};
use infoplane_info::JointDistribution;
use infoplane_model::random::{Purpose, stream};
use ndarray::{Array1, Array2};
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Task;

/// Patterns beyond this do not fit a laptop's memory once every layer has them.
const MOST_PATTERNS: usize = 1_000_000;

/// Numbers in all.
const MOST_NUMBERS: usize = 100_000_000;

/// The task of `teacher` or `teacher:inputs=12,patterns=4096,noise=0.5,seed=1`, what is not named being as in the latter.
///
/// # Errors
/// If a name is unknown or a number out of range.
pub fn parse(settings: &str) -> Result<Task> {
    let (mut inputs, mut patterns, mut noise, mut seed) = (12_usize, 4096_usize, 0.5_f64, 1_u64);
    let mut seen = Vec::new();
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        ensure!(!seen.contains(&name), "task.dataset = \"teacher:{settings}\": {name} is there twice");
        seen.push(name);
        let wrong = || format!("task.dataset = \"teacher:{settings}\": {name} = `{value}` is no number for it");
        match name {
            "inputs" => inputs = value.parse().with_context(wrong)?,
            "patterns" => patterns = value.parse().with_context(wrong)?,
            "noise" => noise = value.parse().with_context(wrong)?,
            "seed" => seed = value.parse().with_context(wrong)?,
            _ => bail!(
                "task.dataset = \"teacher:{settings}\": there is no `{name}`; there are inputs, patterns, noise, seed"
            ),
        }
    }
    ensure!((1..=10_000).contains(&inputs), "teacher: inputs = {inputs}, but it has between 1 and 10000");
    ensure!((2..=MOST_PATTERNS).contains(&patterns), "teacher: patterns = {patterns}, between 2 and {MOST_PATTERNS}");
    ensure!(
        inputs * patterns <= MOST_NUMBERS,
        "teacher: {inputs} inputs of {patterns} patterns are more than the {MOST_NUMBERS} numbers that are drawn"
    );
    ensure!(noise.is_finite() && noise > 0.0, "teacher: noise = {noise} must be a finite number above 0");
    teacher(inputs, patterns, noise, seed)
}

/// n patterns of d inputs and their p(y|x).
fn teacher(inputs: usize, patterns: usize, noise: f64, seed: u64) -> Result<Task> {
    let mut rng = stream(seed, Purpose::Task);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let direction = Array1::from_shape_fn(inputs, |_| normal());
    let direction = &direction / direction.dot(&direction).sqrt();
    let x = Array2::from_shape_fn((patterns, inputs), |_| normal()).mapv(|value| value as f32);
    let standard = Normal::standard();
    // Of the rounded inputs, which the networks see.
    let p: Vec<f64> = x.mapv(f64::from).dot(&direction).iter().map(|&wx| standard.cdf(wx / noise)).collect();
    let joint = JointDistribution::uniform_binary(&p)?;
    Ok(Task { name: "teacher".to_owned(), inputs: x, joint, notes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I(X;Y) over X ~ N: w·x ~ N(0, 1), so 1 − E[h(Φ(u/σ))] by the midpoint rule.
    fn exact(noise: f64) -> f64 {
        let (standard, steps) = (Normal::standard(), 20_000);
        let h = |p: f64| if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() };
        let sum: f64 = (0..steps)
            .map(|k| -8.0 + 16.0 * (f64::from(k) + 0.5) / f64::from(steps))
            .map(|u: f64| (-u * u / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * h(standard.cdf(u / noise)))
            .sum();
        1.0 - sum * 16.0 / f64::from(steps)
    }

    #[test]
    fn its_information_is_that_of_the_channel() {
        for noise in [0.1, 0.5, 2.0] {
            let task = parse(&format!("patterns=20000,inputs=5,noise={noise}")).unwrap();
            // The spread of a mean over 20000 patterns is below 0.003.
            approx::assert_abs_diff_eq!(task.joint.mutual_information(), exact(noise), epsilon = 0.012);
        }
    }

    #[test]
    fn the_seed_decides_and_typos_are_named() {
        let draw = |seed: u64| parse(&format!("patterns=50,seed={seed}")).unwrap().inputs;
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(parse("nois=1").unwrap_err().to_string().contains("noise"));
        assert!(format!("{:#}", parse("noise=loud").unwrap_err()).contains("loud"));
        assert!(parse("noise=0").is_err() && parse("patterns=1").is_err() && parse("inputs=0").is_err());
    }
}
