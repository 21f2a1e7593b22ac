"""estimate beside the Python that is used today, on one snapshot of the paper's network: 6 layers 10, 7, 5, 4, 3, 2 wide, N = 4096.

Whole processes for ours (start-up and reading files included), functions for theirs; seconds of wall time, median of 5.
`critics' KDE` is the pairwise formula in numpy as their public code has it, `authors' binning` a Python loop over rows as theirs has
it, `numpy unique` the fastest binning in numpy.

cargo build --release --bin estimate; pip install numpy scipy; python benches/estimators.py
"""
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/estimate"
rng = np.random.default_rng(0)
x = ((np.arange(4096)[:, None] >> np.arange(12)) & 1).astype(float)
y = (x.sum(1) > 6).astype(int)
layers, t = [], x
for width in (10, 7, 5, 4, 3, 2):
    t = np.tanh(t @ rng.normal(size=(t.shape[1], width)) / np.sqrt(t.shape[1]))
    layers.append(t)
a, b = x + rng.normal(size=x.shape), x[:, :10] + rng.normal(size=(4096, 10))


def median(work):
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def entropy_of_counts(counts):
    p = counts / counts.sum()
    return -(p * np.log2(p)).sum()


def numpy_unique():
    for t in layers:
        bins = np.floor(t / 0.07).astype(np.int64)
        for rows in (bins, np.column_stack([bins, y])):
            packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
            entropy_of_counts(np.unique(packed, return_counts=True)[1])


def python_loop():
    for t in layers:
        edges = np.linspace(-1, 1, 30)
        counts = {}
        for row, label in zip(edges[np.digitize(t, edges) - 1], y):
            key = tuple(row)
            counts.setdefault(key, [0, 0])[label] += 1
        entropy_of_counts(np.array([sum(v) for v in counts.values()]))


def kde():
    for t in layers:
        d = (t**2).sum(1)[:, None] + (t**2).sum(1)[None] - 2 * t @ t.T
        for rows in (slice(None), y == 0, y == 1):
            k = np.exp(-d[rows][:, rows] / 0.002)
            np.log(k.mean(1)).mean()


def ksg():
    tree = cKDTree(np.hstack([a, b]))
    radius = tree.query(np.hstack([a, b]), 4, p=np.inf, workers=2)[0][:, 3]
    n_a, n_b = (cKDTree(v).query_ball_point(v, radius - 1e-15, p=np.inf, return_length=True, workers=2) for v in (a, b))
    (digamma(n_a) + digamma(n_b)).mean()


with tempfile.TemporaryDirectory() as folder:
    words = []
    for k, t in enumerate(layers):
        np.save(f"{folder}/{k}.npy", t)
        words += ["--t", f"{folder}/{k}.npy"]
    np.save(f"{folder}/y.npy", y)
    np.save(f"{folder}/a.npy", a)
    np.save(f"{folder}/b.npy", b)

    def ours(estimator, pair=False):
        data = ["--pair", f"{folder}/a.npy", f"{folder}/b.npy"] if pair else [*words, "--y", f"{folder}/y.npy"]
        command = [BINARY, *data, "--estimator", estimator, "--format", "csv"]
        return median(lambda: subprocess.run(command, check=True, capture_output=True))

    print(f"{'':<34} {'ours':>8} {'theirs':>8} {'ratio':>7}")
    for name, mine, theirs in (
        ("binning, numpy unique", ours("binning:width=0.07"), median(numpy_unique)),
        ("binning, authors' loop", ours("idnns:edges=30"), median(python_loop)),
        ("KDE upper, critics' KDE", ours("kde:variance=0.001"), median(kde)),
        ("KSG k=3, 12-D x 10-D, scipy trees", ours("ksg:k=3", pair=True), median(ksg)),
    ):
        print(f"{name:<34} {mine:>8.4f} {theirs:>8.4f} {theirs / mine:>6.1f}x", flush=True)
    print(f"{'noisy sigma=0.1, 4000 draws':<34} {ours('noisy:sigma=0.1'):>8.4f}")
