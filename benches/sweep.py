"""docs/sweep.svg: what a replica's epoch costs as rows, replicas, epochs and width grow.

pip install matplotlib; cargo bench --bench epoch -- sweep | python benches/sweep.py
"""
import csv
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "infoplane", "font.size": 9})
import matplotlib.pyplot as plt

lines = [line for line in sys.stdin if line.count(",") == 3]
rows = list(csv.DictReader(lines))
figure, axes = plt.subplots(1, 4, figsize=(11, 2.8), layout="constrained")
for axis, quantity in zip(axes, ("rows", "replicas", "epochs", "width")):
    points = [row for row in rows if row["quantity"] == quantity]
    for column, label, colour, marker in (("ms_fused", "fused", "#0072B2", "o"), ("ms_composed", "burn's product", "#D55E00", "s")):
        drawn = [(float(row["value"]), float(row[column])) for row in points if row[column]]
        if drawn:
            axis.plot(*zip(*drawn), color=colour, marker=marker, label=label)
    if quantity in ("rows", "width"):
        # What is proportional to rows, or to the number of weights, runs along the dotted line.
        x = [float(row["value"]) for row in points]
        power = 1 if quantity == "rows" else 2
        end = float(points[-1]["ms_fused"])
        axis.plot(x, [end * (v / x[-1]) ** power for v in x], ":", color="black", label="linear" if power == 1 else "quadratic")
    axis.set(xlabel={"rows": "training patterns", "width": "width of 3 hidden layers"}.get(quantity, quantity), xscale="log")
    axis.set_xticks([float(row["value"]) for row in points], [row["value"] for row in points])
    axis.minorticks_off()
    axis.set_yscale("log" if quantity in ("rows", "width") else "linear")
    low, high = axis.get_ylim()
    axis.set_ylim(low if quantity in ("rows", "width") else 0, 1.1 * high)
    axis.legend(frameon=False) if quantity in ("rows", "width") else None
axes[0].set_ylabel("ms per replica and epoch")
figure.savefig("docs/sweep.svg", metadata={"Date": None})
