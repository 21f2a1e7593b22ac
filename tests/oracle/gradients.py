"""Gradient statistics at fixed weights, independently of the Rust code: numpy in double precision, backpropagation by hand.

Writes tests/data/weights.npz (random weights of the paper's network, f32) and tests/data/gradients.csv: norms over mini-batches
of 256 in file order, all 4096 patterns of tests/data/var_u.mat, tanh, softmax cross-entropy in nats.

pip install numpy scipy; python tests/oracle/gradients.py tests/data
"""
import csv
import sys

import numpy as np
import scipy.io

folder = sys.argv[1]
widths = [12, 10, 7, 5, 4, 3, 2]
layers = len(widths) - 1
rng = np.random.default_rng(3)
weights = {}
for k, (a, b) in enumerate(zip(widths, widths[1:]), 1):
    weights[f"W{k}"] = (rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32)
    weights[f"b{k}"] = (0.1 * rng.normal(size=b)).astype(np.float32)
np.savez(f"{folder}/weights.npz", **weights)
p = {name: values.astype(float) for name, values in weights.items()}
data = scipy.io.loadmat(f"{folder}/var_u.mat")
inputs, labels = data["F"].astype(float), data["y"].ravel().astype(int)


def gradient(x, y):
    t = [x]
    for k in range(1, layers + 1):
        z = t[-1] @ p[f"W{k}"] + p[f"b{k}"]
        t.append(np.tanh(z) if k < layers else z)
    e = np.exp(t[-1] - t[-1].max(1, keepdims=True))
    delta = e / e.sum(1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    out = {}
    for k in range(layers, 0, -1):
        out[f"W{k}"], out[f"b{k}"] = t[k - 1].T @ delta, delta.sum(0)
        if k > 1:
            delta = (delta @ p[f"W{k}"].T) * (1 - t[k - 1] ** 2)
    return out


batches = [gradient(inputs[i : i + 256], labels[i : i + 256]) for i in range(0, len(labels), 256)]
with open(f"{folder}/gradients.csv", "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["layer", "part", "weight_norm", "gradient_mean_norm", "gradient_std_norm"])
    for k in range(1, layers + 1):
        for part, name in (("kernel", f"W{k}"), ("bias", f"b{k}")):
            g = np.stack([batch[name] for batch in batches])
            norms = (np.linalg.norm(p[name]), np.linalg.norm(g.mean(0)), np.sqrt((g.std(0) ** 2).sum()))
            rows.writerow([k, part, *map(repr, map(float, norms))])
