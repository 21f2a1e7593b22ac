"""docs/growth.svg: what `estimate` costs as rows grow to a million, in CPU seconds of the whole process on one thread.

Start-up, reading the file, describing the data and judging the number are included, so lines begin flat. A size is left out where the
last two let more than --limit seconds be expected. Other programs on the machine disturb processor time little, but they do: compare
what stands in one table. The last column is how many times as long ten times the rows take: 10 is in proportion, 100 is quadratic.

cargo build --release --bin estimate; pip install numpy matplotlib
python benches/growth.py [--limit SECONDS] [words in the name of a line]   # prints the table
python benches/growth.py --from docs/own-data.md                           # draws the figure from it
"""

import argparse
import os
import resource
import subprocess
import tempfile

import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("words", nargs="*", help="only lines whose names have these")
parser.add_argument("--binary", default="target/release/estimate")
parser.add_argument("--limit", type=float, default=60.0, help="seconds that a run may be expected to take")
parser.add_argument("--from", dest="table", metavar="FILE", help="measure nothing: draw the figure from the table in this file")
arguments = parser.parse_args()
SIZES = [10**3, 10**4, 10**5, 10**6]


def layer(n, rng):
    """Five tanh units of twelve inputs, and two classes."""
    x = rng.normal(size=(n, 12))
    return {"t": np.tanh(x @ rng.normal(size=(12, 5)) / 3), "y": (x.sum(1) > 0).astype(int)}


def pair(n, rng):
    a = rng.normal(size=(n, 1))
    return {"a": a, "b": 0.6 * a + 0.8 * rng.normal(size=(n, 1))}


# What is measured, of what, and how the line is drawn: the layer's solid, the pair's dashed.
LINES = [
    ("layer", layer, "binning:width=0.07", "#0072B2", "o"),
    ("layer", layer, "gaussian", "#009E73", "s"),
    ("layer", layer, "edge", "#56B4E9", "D"),
    ("layer", layer, "ksg:k=3", "#D55E00", "^"),
    ("layer", layer, "mixed-ksg:k=3", "#CC79A7", "v"),
    ("layer", layer, "kde:variance=0.001", "#E69F00", "P"),
    ("layer", layer, "kde:variance=0.1", "#000000", "X"),
    ("pair", pair, "gaussian", "#009E73", "s"),
    ("pair", pair, "ksg:k=3", "#D55E00", "^"),
    ("pair", pair, "mixed-ksg:k=3", "#CC79A7", "v"),
]


def seconds_of(estimator, data, folder):
    """Of one process."""
    for name, values in data.items():
        np.save(f"{folder}/{name}.npy", values)
    words = ["--t", "t.npy", "--y", "y.npy"] if "y" in data else ["--pair", "a.npy", "b.npy"]
    command = [os.path.abspath(arguments.binary), *words, "--estimator", estimator, "--format", "csv"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    alone = {**os.environ, "RAYON_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, env=alone, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def is_affordable(seconds):
    growth = max(10.0, seconds[-1] / seconds[-2]) if len(seconds) > 1 else 10.0
    return not seconds or seconds[-1] * growth < arguments.limit


def shown(seconds):
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"


def measure():
    sizes = " | ".join(f"{n:,}" for n in SIZES)
    print(f"| of a | by | {sizes} | × for the last ten times |\n|{'---|' * (len(SIZES) + 3)}")
    with tempfile.TemporaryDirectory() as folder:
        for what, sample, estimator, *_ in LINES:
            if not all(word in f"{what} {estimator}" for word in arguments.words):
                continue
            seconds = []
            for n in SIZES:
                if not is_affordable(seconds):
                    break
                seconds.append(seconds_of(estimator, sample(n, np.random.default_rng(0)), folder))
            cells = [shown(second) for second in seconds] + ["–"] * (len(SIZES) - len(seconds))
            times = f"{seconds[-1] / seconds[-2]:.0f}" if len(seconds) > 1 else "–"
            print(f"| {what} | `{estimator}` | {' | '.join(cells)} | {times} |", flush=True)


def draw(text):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "infoplane", "font.size": 9})
    import matplotlib.pyplot as plt

    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    table = {(cells[0], cells[1].strip("`")): cells[2 : 2 + len(SIZES)] for cells in rows if len(cells) > 2}
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for what, _, estimator, colour, marker in LINES:
        seconds = [float(cell) for cell in table[what, estimator] if cell != "–"]
        style = {"color": colour, "marker": marker, "linestyle": "-" if what == "layer" else "--"}
        axis.plot(SIZES[: len(seconds)], seconds, label=f"{what}, {estimator}", **style)
    axis.plot([10**4, 10**6], [0.006, 0.6], ":", color="black", label="in proportion")
    axis.set(xscale="log", yscale="log", xlabel="rows", ylabel="CPU seconds, one thread")
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig("docs/growth.svg", metadata={"Date": None})


if arguments.table:
    with open(arguments.table, encoding="utf-8") as file:
        draw(file.read())
else:
    measure()
