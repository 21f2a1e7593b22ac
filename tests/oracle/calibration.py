"""Samples of the BMI benchmark's tasks (Czyż et al. 2023), drawn by numpy from the paper's definitions, with their information:
what `estimate --pair` is tried on from outside. Nothing of the Rust code is used.

Writes tests/data/bmi.npz (arrays NAME.a and NAME.b) and bmi.csv (name, truth_bits).

pip install numpy scipy; python tests/oracle/calibration.py tests/data
"""
import csv
import sys

import numpy as np
from scipy.integrate import dblquad
from scipy.special import digamma, gammaln
from scipy.stats import norm

folder = sys.argv[1]
rng = np.random.default_rng(2023)
n = 1000


def gaussian(cov, m):
    """Rows of N(0, cov), cut after m columns, and I from the determinants."""
    cov = np.asarray(cov)
    rows = rng.multivariate_normal(np.zeros(len(cov)), cov, size=n)
    det = lambda c: np.linalg.slogdet(c)[1]
    return rows[:, :m], rows[:, m:], 0.5 * (det(cov[:m, :m]) + det(cov[m:, m:]) - det(cov))


def paired(d, pairs, rho):
    cov = np.eye(2 * d)
    for i in range(pairs):
        cov[i, d + i] = cov[d + i, i] = rho
    return cov


def student(cov, m, nu):
    a, b, nats = gaussian(cov, m)
    scale = np.sqrt(nu / rng.chisquare(nu, size=(n, 1)))
    k = len(cov) - m
    f = lambda x: gammaln(x / 2) - x / 2 * digamma(x / 2)
    return a * scale, b * scale, nats + f(nu) + f(nu + m + k) - f(nu + m) - f(nu + k)


def half_cube(x):
    return np.sign(x) * np.abs(x) ** 1.5


def wiggly(x, y):
    return (
        x + 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1) + 0.03 * np.sin(3.3 * x - 2.5),
        y - 0.4 * np.sin(0.4 * y) + 0.17 * np.sin(1.3 * y + 3.5) + 0.02 * np.sin(4.3 * y - 2.5),
    )


def swiss_roll(x):
    t = 1.5 * np.pi * (1 + 2 * norm.cdf(x))
    return np.column_stack([t * np.cos(t), t * np.sin(t)]) / 21


def spiral(x):
    angle = (x**2).sum(1) / x.shape[1]
    turned = x.copy()
    turned[:, 0] = np.cos(angle) * x[:, 0] - np.sin(angle) * x[:, 1]
    turned[:, 1] = np.sin(angle) * x[:, 0] + np.cos(angle) * x[:, 1]
    return turned


def additive(eps):
    """Checked against a double integral of the density: 1/2ε on the strip |a − b| < ε."""
    a = rng.uniform(0, 1, (n, 1))
    nats = eps - np.log(2 * eps) if eps <= 0.5 else 1 / (4 * eps)
    of_b = lambda b: (min(1, b + eps) - max(0, b - eps)) / (2 * eps)
    integral = dblquad(lambda b, a: -np.log(2 * eps * of_b(b)) / (2 * eps), 0, 1, lambda a: a - eps, lambda a: a + eps)[0]
    assert abs(integral - nats) < 1e-6, (eps, integral, nats)
    return a, a + rng.uniform(-eps, eps, (n, 1)), nats


dense = lambda d: np.full((2 * d, 2 * d), 0.5) + 0.5 * np.eye(2 * d)
tasks = {"gaussian-1-1": gaussian(paired(1, 1, 0.75), 1)}
tasks["gaussian-dense-2-2"] = gaussian(dense(2), 2)
tasks["gaussian-dense-5-5"] = gaussian(dense(5), 5)
tasks["gaussian-2-pairs-5-5"] = gaussian(paired(5, 2, 0.8), 5)
tasks["gaussian-2-pairs-25-25"] = gaussian(paired(25, 2, 0.8), 25)
tasks["student-1-1"] = student(paired(1, 1, 0.75), 1, 3)
tasks["student-2-2"] = student(paired(2, 2, 0.6), 2, 5)
a, b, nats = student(paired(1, 1, 0.75), 1, 1)
tasks["asinh-student-1-1"] = np.arcsinh(a), np.arcsinh(b), nats
a, b, nats = gaussian(paired(1, 1, 0.75), 1)
tasks["half-cube-1-1"] = half_cube(a), half_cube(b), nats
tasks["normal-cdf-1-1"] = norm.cdf(a), norm.cdf(b), nats
tasks["wiggly-1-1"] = *wiggly(a, b), nats
tasks["swiss-roll-2-1"] = swiss_roll(a), norm.cdf(b), nats
a, b, nats = gaussian(paired(5, 5, 0.6), 5)
tasks["half-cube-5-5"] = half_cube(a), half_cube(b), nats
a, b, nats = gaussian(paired(2, 2, 0.8), 2)
tasks["spiral-2-2"] = spiral(a), spiral(b), nats
for eps in (0.1, 0.75):
    tasks[f"additive-{eps}"] = additive(eps)

np.savez_compressed(f"{folder}/bmi.npz", **{f"{k}.{s}": v.astype(np.float32) for k, t in tasks.items() for s, v in zip("ab", t)})
with open(f"{folder}/bmi.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["name", "truth_bits"])
    writer.writerows([name, f"{nats / np.log(2):.6f}"] for name, (_, _, nats) in tasks.items())
