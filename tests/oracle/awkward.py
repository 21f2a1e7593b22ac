"""Data as people bring them, with their information: rounded, counted, in unlike units, cut off, copied, wide, with labels that occur once.

Truths by quadrature, sums over steps and scikit-learn, independently of the Rust code. Writes tests/data/awkward.npz and awkward.csv.

pip install numpy scipy scikit-learn; python tests/oracle/awkward.py tests/data
"""
import csv
import sys

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.feature_selection._mutual_info import _compute_mi_cd as sklearn_ross

folder = sys.argv[1]
rng = np.random.default_rng(22)
n = 600
plogp = lambda p: -p * np.log2(p) if p > 0 else 0.0
arrays, rows = {}, []


def signs(sigma, rows=n):
    """A sign and the sign in Gaussian noise."""
    y = rng.integers(0, 2, rows)
    return y, 2.0 * y - 1 + sigma * rng.normal(size=rows)


def of_sign(sigma, edges=None, atom=False):
    """I of a sign and itself in noise: plain, in the steps between edges, or cut off at 0."""
    if edges is not None:
        p = [np.diff(norm.cdf((edges - mean) / sigma)) for mean in (-1, 1)]
        return sum(plogp((a + b) / 2) - (plogp(a) + plogp(b)) / 2 for a, b in zip(*p))
    density = [lambda v, m=mean: norm.pdf(v, m, sigma) for mean in (-1, 1)]
    both = lambda v: (density[0](v) + density[1](v)) / 2
    low = 0 if atom else -1 - 12 * sigma
    h = lambda f: quad(lambda v: plogp(f(v)), low, 1 + 12 * sigma, limit=400)[0]
    information = h(both) - (h(density[0]) + h(density[1])) / 2
    if atom:
        at = [norm.cdf(-mean / sigma) for mean in (-1, 1)]
        information += plogp(sum(at) / 2) - (plogp(at[0]) + plogp(at[1])) / 2
    return information


def add(name, t, y, truth, tolerance):
    arrays[f"{name}_t"], arrays[f"{name}_y"] = t, y
    rows.append([name, repr(float(truth)), tolerance])


y, t = signs(1.0)
add("counts", np.round(2 * t).astype(np.int8), y.astype(np.int8), of_sign(1.0, np.arange(-14.25, 14.5, 0.5)), 0.06)
y, t = signs(1.0)
add("decimals", np.round(t, 1), y.astype(np.int8), of_sign(1.0, np.arange(-9.95, 10, 0.1)), 0.06)
y, t = signs(0.8)
units = np.column_stack([t * 1e-3, rng.normal(size=n) * 1e3, rng.normal(size=n)])
add("units", units, y.astype(np.int8), of_sign(0.8), 0.08)
y, t = signs(1.0)
add("relu", np.maximum(t, 0).astype(np.float32), y.astype(np.int8), of_sign(1.0, atom=True), 0.08)
rho = np.sqrt(1 - 2.0 ** (-2 * 1.2))
a = rng.normal(size=n)
b = rho * a + np.sqrt(1 - rho**2) * rng.normal(size=n)
add("unlike_pair", a * 1e-3, b * 1e5, 1.2, 0.12)
a = rng.normal(size=300)
b = 0.8 * a + 0.6 * rng.normal(size=300)
copies = np.repeat(np.arange(300), rng.integers(2, 4, 300))
add("copies", a[copies], b[copies], -0.5 * np.log2(1 - 0.64), 0.12)
# Half the labels occur once: scikit-learn leaves them out of the sample.
y = np.concatenate([rng.integers(0, 4, 150), np.arange(100, 250)])
t = np.where(y < 100, y, rng.normal(size=300)) + 0.5 * rng.normal(size=300)
add("once", t, y, sklearn_ross(t[:, None], y, 3) / np.log(2), 1e-9)
# Eight classes in 48 columns, 320 rows: three signs, each in 16 columns of noise 4 × 0.3.
y = rng.integers(0, 8, 320)
bits = (y[:, None] >> np.arange(48) % 3) & 1
wide = (2 * bits - 1 + 4 * 0.3 * rng.normal(size=(320, 48))).astype(np.float32)
add("wide", wide, y.astype(np.int8), 3 * of_sign(0.3), 0.3)
add("noise", rng.normal(size=(320, 48)).astype(np.float32), y.astype(np.int8), 0.0, 0.05)
# The label is a function of T: H(Y), and never more.
t = rng.normal(size=(n, 2))
y = (t[:, 0] > 0).astype(int) + (t[:, 1] > 0) * 2
add("function", t.astype(np.float32), y.astype(np.int8), sum(plogp(p) for p in np.bincount(y) / n), 0.05)
# All of nine bits through five linear units rounded to 1/32: I(X;T) is 9 bits.
x = (np.arange(512)[:, None] >> np.arange(9)) & 1
t = np.round(32 * np.tanh((2 * x - 1) @ rng.normal(size=(9, 5)) / 3)) / 32
assert len(np.unique(t, axis=0)) == 512
add("rounded_layer", t.astype(np.float32), (x.sum(1) > 4).astype(np.int8), 1.0, 0.1)

np.savez_compressed(f"{folder}/awkward.npz", **arrays)
with open(f"{folder}/awkward.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["name", "truth_bits", "tolerance_bits"])
    out.writerows(rows)
