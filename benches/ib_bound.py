"""ib-curve beside other solvers of the Information Bottleneck: how good, and how much CPU time at equal accuracy.

    cargo build --release --bin ib-curve; pip install numpy scipy embo dit matplotlib   (scikit-learn adds the iris joint)
    python benches/ib_bound.py                                                          # all of it, some minutes
    python benches/ib_bound.py --sizes 8 31 --labels 2 3 --seeds 1                      # quick
    python benches/ib_bound.py --joints FOLDER                                          # also every .csv in a folder
    python benches/ib_bound.py --scaling                                                # our growth: docs/ib_growth.svg

Every solver is given the whole joint and the same 20 β's in one call, and minimises L = I(X;T) − β I(T;Y) at each:

ib-curve  one process; its seconds include starting it and reading the file.
embo      one call. Its grid of β's is equally spaced and in nats per bit, so ours is equally spaced and goes in times ln 2.
          Its filter for a monotone curve is off: the filter drops β's.
dit       one call with its default optimiser, on joints of up to 8 cells: it takes seconds per β. (Its method "ba" returned the
          trivial encoder for every β when this was written, with dit 2.3.)
reverse   Blahut–Arimoto annealed downwards in β from T = X. Values of T that have become the same are merged: the same result,
          sooner.
forward   Blahut–Arimoto annealed upwards in β from one value of T. At each β every value is split into two and
          slightly disturbed.
ABP       the semi-relaxed method of Chen et al. (arXiv 2404.04862, 2024). It minimises I(X;T) at a given I(T;Y) over w = p(t|x),
          r = p(t), z = p(y|t) as if these were independent variables, each in closed form, with the multiplier of w found by
          Newton's method in every step. Only the paper's abstract and model were at hand, not its text, so this follows the
          model, and no equation numbers are given. It starts as `reverse` does, and is told which I(T;Y) to aim at: that of
          the best solution which the others found at β. A user would have to search for it.

The last four and embo are run up a ladder of ever finer settings (RUNGS: most iterations, tolerance). Columns:

excess         of L over the least L that anyone found, in bits, at the worst β and the finest rung
CPU s          of that call; neither Python's start nor imports count
to 1e-4, 1e-6  the cheapest call whose excess is no more than so many bits at every β. "never": no rung got there; "> 3.1": nor
               did one of 3.1 s, and finer ones were not tried (--patience)

Nobody should be below ib-curve by more than its certified gap. Who is, is printed, and the exit status is 1.
"""
import argparse
import collections
import csv
import functools
import io
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

os.environ.pop("OPENBLAS_CORETYPE", None)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import dit
import numpy as np
from dit.rate_distortion import IBCurve
from embo import InformationBottleneck

BETAS = np.linspace(1.2, 10.7, 20)
RUNGS = [(100, 1e-3), (1000, 1e-6), (10_000, 1e-9), (100_000, 1e-12)]  # the first is embo's default
ACCURACIES = {"to 1e-4": 1e-4, "to 1e-6": 1e-6}
ROUNDING = 1e-9
OPEN = 1e-6
MOST_CELLS_FOR_DIT = 8
TINY = 1e-300

# L and I(T;Y) are in bits, one for each of BETAS.
Outcome = collections.namedtuple("Outcome", "seconds lagrangian i_ty")
Ours = collections.namedtuple("Ours", "outcome gap proofs")


class Joint:
    """p(x, y) without empty rows and columns."""

    def __init__(self, table):
        table = np.asarray(table, float)
        table = table[table.sum(1) > 0][:, table.sum(0) > 0]
        self.table = table / table.sum()
        self.p = self.table.sum(1)
        self.rows = self.table / self.p[:, None]

    def informations(self, encoder):
        return information(self.p[:, None] * encoder), information(encoder.T @ self.table)


def information(table):
    """Bits of mutual information."""
    product = np.outer(table.sum(1), table.sum(0))
    there = table > 0
    return np.sum(table[there] * np.log2(table[there] / product[there]))


def cpu_seconds():
    """Of this process and its children: a crowded machine counts against no solver."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


# The solvers


def ours(joint, binary, limit):
    """Raises RuntimeError if not every β gets its row within the limit. Open gaps are no reason to."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        np.savetxt(file, joint.table, delimiter=",", fmt="%.17g")
        file.flush()
        command = [binary, "--joint", file.name, "--format", "csv"] + [word for b in BETAS for word in ("--beta", repr(float(b)))]
        started = cpu_seconds()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"stopped after {limit:g} s") from None
        seconds = cpu_seconds() - started
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    if len(rows) != len(BETAS):
        raise RuntimeError(f"{len(rows)} rows for {len(BETAS)} β's: {done.stderr.strip()}")
    column = {name: np.array([float(row[name]) for row in rows]) for name in ("lagrangian_bits", "i_ty_bits", "gap_bits")}
    proofs = collections.Counter(row.get("proof", "not said") for row in rows)
    return Ours(Outcome(seconds, column["lagrangian_bits"], column["i_ty_bits"]), column["gap_bits"], proofs)


def by_embo(joint, rung):
    iterations, tolerance = rung
    np.random.seed(1)
    bottleneck = InformationBottleneck(
        pxy=joint.table.copy(),
        minbeta=BETAS[0] * np.log(2),
        maxbeta=BETAS[-1] * np.log(2),
        numbeta=len(BETAS),
        iterations=iterations,
        rtol=tolerance,
        ensure_monotonic_bound=False,
    )
    return bottleneck.get_bottleneck()[:2]


def by_dit(joint, _):
    outcomes = [(x, y) for x in range(joint.table.shape[0]) for y in range(joint.table.shape[1])]
    distribution = dit.Distribution(outcomes, joint.table.ravel())
    curve = IBCurve(distribution, rvs=[[0], [1]], beta_min=BETAS[0], beta_max=BETAS[-1], beta_num=len(BETAS))
    return curve.complexities, curve.relevances


def by_reverse(joint, rung):
    weights, decoder = joint.p, joint.rows
    points = []
    for beta in BETAS[::-1]:
        weights, decoder, encoder = settle(joint, weights, decoder, rung, lambda *_: beta)
        points.append(joint.informations(encoder))
    return np.transpose(points[::-1])


def by_forward(joint, rung):
    rng = np.random.default_rng(1)
    weights, decoder = np.ones(1), joint.table.sum(0, keepdims=True)
    points = []
    for beta in BETAS:
        if len(weights) <= len(joint.p):
            weights, decoder = np.repeat(weights / 2, 2), np.repeat(decoder, 2, axis=0)
        decoder *= 1 + 0.01 * rng.uniform(-1, 1, decoder.shape)
        decoder /= decoder.sum(1, keepdims=True)
        weights, decoder, encoder = settle(joint, weights, decoder, rung, lambda *_: beta)
        points.append(joint.informations(encoder))
    return np.transpose(points)


def by_abp(joint, rung, targets):
    weights, decoder = joint.p, joint.rows
    p_y = joint.table.sum(0)
    points = []
    for target in targets[::-1]:
        if target < 1e-9:
            points.append((0.0, 0.0))
            continue
        # Constraint: Σ p(x) w(t|x) p(y|x) ln z(y|t) = I(T;Y) − H(Y), in nats.
        multiplier = Multiplier(joint.p, target * np.log(2) + p_y @ np.log(p_y))
        weights, decoder, encoder = settle(joint, weights, decoder, rung, multiplier)
        points.append(joint.informations(encoder))
    return np.transpose(points[::-1])


def settle(joint, weights, decoder, rung, multiplier):
    """Alternates between p(t|x) and p(t), p(y|t) until the Lagrangian stands still, to the rung's tolerance in nats."""
    iterations, tolerance = rung
    digits = int(np.ceil(-np.log10(tolerance) / 2)) + 1
    before = np.inf
    for iteration in range(1, iterations + 1):
        scores = joint.rows @ np.log(np.maximum(decoder, TINY)).T
        log_weights = np.log(np.maximum(weights, TINY))
        encoder, log_z = softmax(log_weights + multiplier(log_weights, scores) * scores)
        weights = joint.p @ encoder
        decoder = encoder.T @ joint.table / np.maximum(weights, TINY)[:, None]
        value = joint.p @ log_z
        if abs(value - before) < tolerance:
            break
        before = value
        if iteration % 50 == 0:
            weights, decoder = merged(weights, decoder, digits)
    return *merged(weights, decoder, digits), encoder


def softmax(logits):
    top = logits.max(1, keepdims=True)
    terms = np.exp(logits - top)
    z = terms.sum(1, keepdims=True)
    return terms / z, (top + np.log(z))[:, 0]


def merged(weights, decoder, digits):
    """Values of T in use, those with the same p(y|t) to so many digits as one: what that changes is of second order."""
    used = weights > 1e-15
    weights, decoder = weights[used], decoder[used]
    _, group = np.unique(decoder.round(digits), axis=0, return_inverse=True)
    member = np.eye(group.max() + 1)[:, group.ravel()]
    total = member @ weights
    return total, member @ (weights[:, None] * decoder) / total[:, None]


class Multiplier:
    """ABP's λ: where the mean score is the target, by Newton's method inside a bracket."""

    def __init__(self, p, target):
        self.p, self.target, self.last = p, target, 1.0

    def __call__(self, log_weights, scores):
        low, high = 0.0, 1e4
        for _ in range(60):
            encoder, _ = softmax(log_weights + self.last * scores)
            mean = (encoder * scores).sum(1)
            excess = self.p @ mean - self.target
            if abs(excess) < 1e-13:
                break
            low, high = (low, self.last) if excess > 0 else (self.last, high)
            slope = self.p @ ((encoder * scores**2).sum(1) - mean**2)
            newton = self.last - excess / max(slope, TINY)
            self.last = newton if low < newton < high else (low + high) / 2
        return self.last


# The problems


def random_joints(sizes, labels, seeds):
    for n in sizes:
        for k in labels:
            for seed in range(1, seeds + 1):
                joint, concentration = random_joint(n, k, seed)
                yield f"Dirichlet({concentration:.2f}), {n} x {k}, seed {seed}", joint


def random_joint(n, k, seed):
    rng = np.random.default_rng([n, k, seed])
    concentration = rng.uniform(0.2, 1.0)
    return Joint(rng.dirichlet([concentration] * k, n) * rng.dirichlet([1.0] * n)[:, None]), concentration


def named_joints():
    yield "binary symmetric channel, e = 0.15", Joint([[0.85, 0.15], [0.15, 0.85]])
    # One bit that is free of noise beside a channel: the curve begins with a straight piece.
    yield "two blocks, 4 x 4", Joint(np.kron(np.eye(2), [[0.8, 0.2], [0.2, 0.8]]))
    grid = np.linspace(-10, 10, 100)
    yield "Gaussian channel, 100 x 100", Joint(np.exp(-(grid[:, None] ** 2) / 2 - (grid - grid[:, None]) ** 2 / 2))
    try:
        from sklearn.datasets import load_iris
    except ImportError:
        return
    yield "iris, 216 x 3", iris(load_iris())


def iris(data):
    """Three measurements in six bins each; every flower counts in all cells, by a Gaussian as wide as one."""
    flowers = data.data[:, [0, 2, 3]]
    low, high = flowers.min(0), flowers.max(0)
    places = (flowers - low) / (high - low) * 6 - 0.5
    cells = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    spread = np.exp(-((cells[:, None] - places) ** 2).sum(-1) / 2)
    return Joint(spread / spread.sum(0) @ np.eye(3)[data.target])


# The comparison


def climb(solve, joint, patience, rungs=RUNGS):
    """Its outcomes, and whether finer rungs were left out: one is tried while the last took a tenth of our patience at most."""
    outcomes = []
    for rung in rungs:
        if outcomes and outcomes[-1].seconds > patience / 10:
            return outcomes, True
        started = cpu_seconds()
        try:
            i_xt, i_ty = np.asarray(solve(joint, rung), float)
        except Exception as error:  # a rival's failure is a result too
            print(f"    {type(error).__name__}: {error}")
            i_xt, i_ty = np.full(len(BETAS), np.inf), np.zeros(len(BETAS))
        seconds = cpu_seconds() - started
        outcomes.append(Outcome(seconds, np.nan_to_num(i_xt - BETAS * i_ty, nan=np.inf), i_ty))
    return outcomes, False


def compare(name, joint, options, tally):
    print(f"\n{name}", flush=True)
    results = {}
    try:
        mine = ours(joint, options.binary, options.limit)
    except RuntimeError as error:
        print(f"    ib-curve: no answer, {error}")
        tally.unanswered.append(name)
        mine = None
    else:
        results["ib-curve"] = [mine.outcome], False
        tally.open += np.sum(mine.gap > OPEN)
        tally.solved += len(BETAS)
        tally.proofs += mine.proofs
    for solver, solve in (("embo", by_embo), ("reverse", by_reverse), ("forward", by_forward)):
        results[solver] = climb(solve, joint, options.patience)
    if joint.table.size <= MOST_CELLS_FOR_DIT:
        results["dit"] = climb(by_dit, joint, options.patience, RUNGS[:1])
    found = [outcome for outcomes, _ in results.values() for outcome in outcomes]
    best = np.argmin([outcome.lagrangian for outcome in found], axis=0)
    targets = np.array([found[i].i_ty[j] for j, i in enumerate(best)])
    results["ABP"] = climb(functools.partial(by_abp, targets=targets), joint, options.patience)

    least = np.min([o.lagrangian for outcomes, _ in results.values() for o in outcomes], axis=0)
    print(f"    {'':<10}{'excess':>9}{'CPU s':>9}" + "".join(f"{heading:>10}" for heading in ACCURACIES))
    times = {}
    for solver, (outcomes, cut) in results.items():
        reached = [cheapest(outcomes, least, accuracy) for accuracy in ACCURACIES.values()]
        times[solver] = reached
        short = f"> {outcomes[-1].seconds:.1f}" if cut else "never"
        words = "".join(f"{short if seconds is None else f'{seconds:.3f}':>10}" for seconds in reached)
        print(f"    {solver:<10}{excess(outcomes[-1], least):>9.1e}{outcomes[-1].seconds:>9.3f}{words}", flush=True)
    if mine:
        tally.times.append(times)
        judge(name, mine, results, tally)


def judge(name, mine, results, tally):
    best = {solver: np.min([o.lagrangian for o in outcomes], axis=0) for solver, (outcomes, _) in results.items()}
    del best["ib-curve"]
    tally.lead = max(tally.lead, np.max(np.min(list(best.values()), axis=0) - mine.outcome.lagrangian))
    for solver, lagrangian in best.items():
        below = mine.outcome.lagrangian - lagrangian
        worst = np.argmax(below - mine.gap)
        if below[worst] > mine.gap[worst] + ROUNDING:
            line = f"{solver} is {below[worst]:.1e} bits below ib-curve at β = {BETAS[worst]:.1f}; its gap: {mine.gap[worst]:.1e}"
            print(f"    BEATEN: {line}")
            tally.beaten.append(f"{name}: {line}")


def excess(outcome, least):
    return np.max(outcome.lagrangian - least)


def cheapest(outcomes, least, accuracy):
    return min((o.seconds for o in outcomes if excess(o, least) <= accuracy), default=None)


class Tally:
    def __init__(self):
        self.times, self.beaten, self.unanswered = [], [], []
        self.open = self.solved = 0
        self.proofs = collections.Counter()
        self.lead = 0.0

    def summary(self):
        print(f"\n\nib-curve: {self.solved} optima, {self.open} with a gap above {OPEN:g} bits; proofs: {dict(self.proofs)}")
        print(f"up to {self.lead:.1e} bits below every rival")
        print(f"no answer for {len(self.unanswered)} joints, which are left out below", *self.unanswered, sep="\n    ")
        print("\non how many joints each gets there; where both do, its CPU time in units of ib-curve's; how often it is faster")
        columns = f"{'least':>9}{'median':>9}{'most':>9}{'faster':>8}"
        print(f"{'':<10}{'joints':>7}" + "".join(f"{heading:>10}{columns}" for heading in ACCURACIES))
        for solver in ("embo", "reverse", "forward", "ABP", "dit"):
            tried = [(times["ib-curve"], times[solver]) for times in self.times if solver in times]
            line = f"{solver:<10}{len(tried):>7}"
            for i in range(len(ACCURACIES)):
                there = sum(theirs[i] is not None for _, theirs in tried)
                ratios = [theirs[i] / own[i] for own, theirs in tried if None not in (own[i], theirs[i])]
                numbers = (min(ratios), np.median(ratios), max(ratios)) if ratios else (np.nan,) * 3
                line += f"{there:>10}" + "".join(f"{n:>9.3g}" for n in numbers) + f"{sum(r < 1 for r in ratios):>8}"
            print(line)
        print(f"\nib-curve beaten beyond its gap: {len(self.beaten)} times", *self.beaten, sep="\n    ")


# Our growth


def scaling(options):
    sizes, labels = (8, 16, 32, 64, 128, 256, 512, 1000), (2, 3, 4, 6, 10)
    print(f"ib-curve, CPU seconds for {len(BETAS)} β's: median of {options.seeds} joints each; *: a gap above {OPEN:g} bits")
    print(f"{'|Y|':>4}" + "".join(f"{f'|X| = {n}':>12}" for n in sizes))
    lines = {}
    for k in labels:
        print(f"{k:>4}", end="", flush=True)
        lines[k] = []
        for n in sizes:
            try:
                runs = [ours(random_joint(n, k, seed)[0], options.binary, options.limit) for seed in range(1, options.seeds + 1)]
            except RuntimeError as error:
                print(f"   {error}", end="")
                break
            seconds = np.median([run.outcome.seconds for run in runs])
            lines[k].append((n, seconds))
            mark = "*" if any((run.gap > OPEN).any() for run in runs) else " "
            print(f"{seconds:>11.3f}{mark}", end="", flush=True)
        print()
    draw(sizes, lines)


def draw(sizes, lines):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "infoplane", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
    colours = ("#0072B2", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
    for (k, points), colour, marker in zip(lines.items(), colours, "osD^v"):
        if points:
            axis.plot(*zip(*points), color=colour, marker=marker, label=f"{k} values of Y")
    end = lines[2][-1]
    axis.plot(sizes, [end[1] * n / end[0] for n in sizes], ":", color="black", label="in proportion")
    axis.set(xscale="log", yscale="log", xlabel="number of x's", ylabel=f"CPU seconds for {len(BETAS)} β's")
    axis.set_xticks(sizes, [str(n) for n in sizes])
    axis.minorticks_off()
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig("docs/ib_growth.svg", metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default="target/release/ib-curve")
    parser.add_argument("--sizes", type=int, nargs="*", default=[8, 31, 64, 256], help="numbers of x's of random joints")
    parser.add_argument("--labels", type=int, nargs="*", default=[2, 3, 4, 10], help="numbers of y's of random joints")
    parser.add_argument("--seeds", type=int, default=2, help="random joints of each size")
    parser.add_argument("--joints", type=pathlib.Path, help="a folder: every .csv in it, rows x, columns y, is one more joint")
    parser.add_argument("--patience", type=float, default=10, help="about the most CPU seconds for one call of a rival")
    parser.add_argument("--limit", type=float, default=60, help="seconds after which ib-curve is stopped")
    parser.add_argument("--scaling", action="store_true", help="only ib-curve, as X and Y grow")
    options = parser.parse_args()
    if options.scaling:
        scaling(options)
        return
    tally = Tally()
    for name, joint in named_joints():
        compare(name, joint, options, tally)
    for path in sorted(options.joints.glob("*.csv")) if options.joints else ():
        compare(path.name, Joint(np.loadtxt(path, delimiter=",")), options, tally)
    for name, joint in random_joints(options.sizes, options.labels, options.seeds):
        compare(name, joint, options, tally)
    tally.summary()
    sys.exit(bool(tally.beaten))


if __name__ == "__main__":
    main()
