"""Golden values for `estimate`, independently of the Rust code: numpy, scipy, mpmath; scikit-learn and infomeasure agree.

Writes tests/data/layer.npy (f64, tanh-like), symbols.npy (discrete, many values rare), inputs.npy, labels.npy and
estimators.csv.

pip install numpy scipy mpmath scikit-learn infomeasure; python tests/oracle/estimators.py tests/data
"""
import csv
import sys

import infomeasure
import mpmath
import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma
from scipy.stats import norm, rankdata
from sklearn.feature_selection._mutual_info import _compute_mi_cd as sklearn_ross

folder = sys.argv[1]
rng = np.random.default_rng(11)
n = 300
x = rng.normal(size=(n, 4))
t = np.tanh(x @ rng.normal(size=(4, 3)) + 0.3 * rng.normal(size=(n, 3)))
y = (x.sum(1) + 0.5 * rng.normal(size=n) > 0).astype(np.int64)
np.save(f"{folder}/inputs.npy", x)
np.save(f"{folder}/layer.npy", t)
np.save(f"{folder}/labels.npy", y)
symbols = np.minimum(rng.zipf(1.4, size=n) + 3 * y * rng.integers(0, 2, size=n), 60)
np.save(f"{folder}/symbols.npy", symbols)


def entropy(symbols):
    p = np.unique(symbols, axis=0, return_counts=True)[1] / len(symbols)
    return -(p * np.log2(p)).sum()


def discrete(bins):
    bins = bins.astype(np.int64)
    joint = np.column_stack([bins, y])
    return entropy(bins), entropy(bins) + entropy(y[:, None]) - entropy(joint)


def kde(scale):
    def information(rows):
        d = ((rows[:, None] - rows[None]) ** 2).sum(-1)
        return -np.log2(np.exp(-d / scale).mean(1)).mean()

    whole = information(t)
    return whole, whole - sum((y == c).mean() * information(t[y == c]) for c in (0, 1))


def ksg(a, b, k, variant=1):
    tree = cKDTree(np.hstack([a, b]))
    distance, index = tree.query(np.hstack([a, b]), k=k + 1, p=np.inf)
    total = 0.0
    for i in range(len(a)):
        da, db = np.abs(a - a[i]).max(1), np.abs(b - b[i]).max(1)
        if variant == 1:
            e = distance[i, k]
            total += digamma((da < e).sum()) + digamma((db < e).sum())  # the row itself is the + 1
        else:
            near = index[i, 1:]
            total += digamma((da <= da[near].max()).sum() - 1) + digamma((db <= db[near].max()).sum() - 1)
    offset = 0 if variant == 1 else 1 / k
    return (digamma(k) - offset + digamma(len(a)) - total / len(a)) / np.log(2)


def ross(t, y, k):
    tree, total = cKDTree(t), 0.0
    for i in range(n):
        own = t[y == y[i]]
        radius = cKDTree(own).query(t[i], k + 1, p=np.inf)[0][k]
        near = len(tree.query_ball_point(t[i], radius, p=np.inf)) - 1
        total += digamma(k) - digamma(len(own)) - digamma(near)
    return (digamma(n) + total / n) / np.log(2)


def mixed_ksg(a, b, k):
    tree, tree_a, tree_b = cKDTree(np.hstack([a, b])), cKDTree(a), cKDTree(b)
    distance = tree.query(np.hstack([a, b]), k + 1, p=np.inf)[0][:, k]
    total = 0.0
    for i in range(len(a)):
        if distance[i] == 0:
            kk = len(tree.query_ball_point(np.hstack([a[i], b[i]]), 1e-15, p=np.inf))
            r = 1e-15
        else:
            kk, r = k, distance[i] - 1e-15
        na, nb = (len(u.query_ball_point(v[i], r, p=np.inf)) for u, v in ((tree_a, a), (tree_b, b)))
        total += digamma(kk) + np.log(len(a)) - digamma(na) - digamma(nb)
    return total / len(a) / np.log(2)


def gaussian(a, b):
    c = np.corrcoef(np.hstack([a, b]).T)
    d = a.shape[1]
    return 0.5 * np.log2(np.linalg.det(c[:d, :d]) * np.linalg.det(c[d:, d:]) / np.linalg.det(c))


def nsb(values, alphabet):
    """Nemenman, Shafee & Bialek: the integral over ln beta by mpmath, from the formulas as they stand."""
    counts = [int(c) for c in np.unique(values, return_counts=True)[1]]
    total, K = sum(counts), alphabet or len(counts)
    several = {c: counts.count(c) for c in counts}
    several[0] = K - len(counts)
    lg, psi = mpmath.loggamma, lambda z: mpmath.psi(0, z)

    def log_weight(l):
        b = mpmath.e**l
        evidence = lg(K * b) - lg(total + K * b) + sum(m * (lg(c + b) - lg(b)) for c, m in several.items() if m)
        return evidence + mpmath.log(K * mpmath.psi(1, K * b + 1) - mpmath.psi(1, b + 1)) + l

    def mean(b):
        kappa = K * b
        return psi(total + kappa + 1) - sum(m * (c + b) / (total + kappa) * psi(c + b + 1) for c, m in several.items() if m)

    with mpmath.workdps(40):
        grid = [mpmath.mpf(l) / 2 for l in range(-40, 41)]
        weights = [log_weight(l) for l in grid]
        peak = max(weights)
        inside = [l for l, w in zip(grid, weights) if w > peak - 60]
        edges = [inside[0] - 1, *inside, inside[-1] + 1]
        with mpmath.workdps(25):
            weight = lambda l: mpmath.exp(log_weight(l) - peak)
            mass = mpmath.quad(weight, edges)
            return float(mpmath.quad(lambda l: weight(l) * mean(mpmath.e**l), edges) / mass / mpmath.log(2))


def corrected(name):
    both = symbols * 10 + y
    h = lambda values: float(infomeasure.entropy(values, approach=name, base=2))
    return h(symbols), h(symbols) + h(y) - h(both)


def grassberger():
    """Grassberger 2003; infomeasure 0.6.3 has his formula of 1988."""
    def h(values):
        c = np.unique(values, return_counts=True)[1]
        g = digamma(c) + 0.5 * (-1.0) ** c * (digamma((c + 1) / 2) - digamma(c / 2))
        return (np.log(c.sum()) - (c * g).sum() / c.sum()) / np.log(2)

    return h(symbols), h(symbols) + h(y) - h(symbols * 10 + y)


def nsb_information(alphabet):
    both = symbols * 10 + y
    h_t = nsb(symbols, alphabet)
    return h_t, h_t + nsb(y, None) - nsb(both, alphabet and 2 * alphabet)


def scores(v):
    return norm.ppf((rankdata(v, axis=0) - 0.5) / len(v))


def renyi(alpha, width=None):
    """Matrix-based Renyi information of x, t and y; kernels aligned with the labels' unless a width is given."""
    of_y = (y[:, None] == y[None]).astype(float)

    def kernel(v):
        square = ((v[:, None] - v[None]) ** 2).sum(-1)
        mean = np.sqrt(square).sum() / (n * (n - 1))
        widths = mean * np.linspace(0.1, 10, 75) if width is None else [width]
        kernels = [np.exp(-square / (2 * w**2)) for w in widths]
        return max(kernels, key=lambda k: (k * of_y).sum() / np.linalg.norm(k))

    def s(k):
        return np.log2((np.maximum(np.linalg.eigvalsh(k / n), 0) ** alpha).sum()) / (1 - alpha)

    of_x, of_t = kernel(x), kernel(t)
    return s(of_x) + s(of_t) - s(of_x * of_t), s(of_t) + s(of_y) - s(of_t * of_y)


def edge(a, b):
    """EDGE as in the authors' code, with neighbours' distances over all rows, and their 1e-4 a share of the spread; b may be labels."""

    def widths(v):
        d = v.shape[1]
        k = int(0.43 * n ** (2 / 3 + 0.17 * d / (d + 1)) * np.exp(-1 / max(1e4, d**4)))
        reach = np.array([np.sort(np.abs(c[:, None] - c[None]), axis=1)[:, k].mean() + 1e-4 * c.std() for c in v.T])
        return 0.4 * 18 * d / (1 + np.log(d)) * reach

    def median(gamma):
        bits = []
        for j in range(10):
            stretch = gamma * (1 + 0.1 * j / 9)
            bucket = lambda v: v if v.dtype == np.int64 else np.floor(v / (widths(v) * stretch) + j / 10).astype(np.int64)
            ba, bb = bucket(a), bucket(b)
            bits.append(entropy(ba) + entropy(bb) - entropy(np.hstack([ba, bb])))
        return np.median(bits)

    first = max(median(1), 0.01)
    return median(2 ** min(0.5 / first - np.sqrt(2 * first), 5))


def agree(ours, theirs):
    assert abs(ours - theirs) < 1e-9, (ours, theirs)


one = t[:, :1]
agree(ross(one, y, 3), sklearn_ross(one, y, 3) / np.log(2))
exact = dict(k=3, base=2, noise_level=0, minkowski_p=np.inf)
agree(ksg(x, t, 3), infomeasure.mutual_information(x, t, approach="ksg", **exact))
# Variant 2 of infomeasure 0.6.3 has one radius for both spaces, which is not eq. 9: 0.24 bits for Gaussians with 0.74.

edges = np.linspace(-1, 1, 30).astype(np.float32)
idnns = np.digitize(t.astype(np.float32), edges) - 1
idnns[idnns < 0] = 29
own = np.minimum((t - t.min()) / (t.max() - t.min()) * 30, 29).astype(int)
quantile = (np.array([[(t[:, j] < v).sum() for v in t[:, j]] for j in range(3)]).T * 8) // n
levels = np.round((t - t.min()) / (t.max() - t.min()) * 15)
y1 = y[:, None].astype(float)
rows = {
    "binning:width=0.07": discrete(np.floor(t.astype(np.float32) / np.float32(0.07))),
    "binning:bins=30,range=-1..1": discrete(np.minimum((t + 1) / 2 * 30, 29).astype(int)),
    "binning:bins=30,range=own": discrete(own),
    "binning:quantile=8": discrete(quantile),
    "idnns:edges=30": discrete(idnns),
    "quantised:bits=4": discrete(levels),
    "plugin": (np.log2(n), entropy(y1)),
    "kde:variance=0.001,bound=upper": kde(0.002),
    "kde:variance=0.001,bound=lower": kde(0.008),
    "kde:variance=0.1,bound=upper": kde(0.2),
    # T is another value at every x: infinite.
    "ksg:k=3,standardise=false": ("inf", ross(t, y, 3)),
    "mixed-ksg:k=3,standardise=false": ("inf", mixed_ksg(t, y1, 3)),
    "gaussian": (gaussian(x, t), gaussian(t, y1)),
    "cca": (gaussian(scores(x), scores(t)), gaussian(scores(t), y1)),
    "edge": (edge(x, t), edge(t, y[:, None])),
    "renyi:alpha=1.01": renyi(1.01),
    "renyi:alpha=2,width=0.5": renyi(2, 0.5),
}
with open(f"{folder}/estimators.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["kind", "estimator", "i_xt_bits", "i_ty_bits"])
    for name, (i_xt, i_ty) in rows.items():
        out.writerow(["layer", name, i_xt if i_xt == "inf" else repr(float(i_xt)), repr(float(i_ty))])
    discrete_rows = {
        "plugin": (entropy(symbols[:, None]), entropy(symbols[:, None]) + entropy(y1) - entropy(np.column_stack([symbols, y]))),
        "plugin:correction=miller-madow": corrected("miller_madow"),
        "plugin:correction=grassberger": grassberger(),
        "plugin:correction=chao-shen": corrected("chao_shen"),
        "plugin:correction=nsb": nsb_information(None),
        "plugin:correction=nsb,symbols=60": nsb_information(60),
        "plugin:correction=nsb,symbols=1000": nsb_information(1000),
    }
    for name, (i_xt, i_ty) in discrete_rows.items():
        out.writerow(["symbols", name, repr(float(i_xt)), repr(float(i_ty))])
    pairs = {
        "ksg:k=3,standardise=false": ksg(x, t, 3),
        "ksg:k=7,standardise=false": ksg(x, t, 7),
        "ksg:k=3,variant=2,standardise=false": ksg(x, t, 3, 2),
        "mixed-ksg:k=3,standardise=false": mixed_ksg(x, t, 3),
        "gaussian": gaussian(x, t),
        "cca": gaussian(scores(x), scores(t)),
        "edge": edge(x, t),
    }
    for name, bits in pairs.items():
        out.writerow(["pair", name, "", repr(float(bits))])
