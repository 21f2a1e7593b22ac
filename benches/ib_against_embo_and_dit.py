"""ib-curve beside embo and dit on the same joints: the Lagrangian reached and the time taken, in one run.

Times are CPU seconds, ours with the start of the process. A positive excess is how many bits the other solver's
I(X;T) − β I(T;Y) lies above ours; ours carries its certificate. embo's β is the natural one × ln 2.

cargo build --release --bin ib-curve; pip install numpy embo dit
python benches/ib_against_embo_and_dit.py [target/release/ib-curve [NUMBER OF RANDOM JOINTS [SEED]]]
"""
import csv
import io
import os
import subprocess
import sys
import tempfile

import numpy as np
from embo import InformationBottleneck

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/ib-curve"
BETAS = [1.2, 1.5, 2.0, 3.0, 5.0, 10.0]


def cpu_seconds():
    """Of this process and its children: a crowded machine does not count against either solver."""
    return sum(os.times()[:4])


def ours(joint):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        np.savetxt(file, joint, delimiter=",", fmt="%.17g")
        file.flush()
        started = cpu_seconds()
        command = [BINARY, "--joint", file.name] + [w for b in BETAS for w in ("--beta", str(b))]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = cpu_seconds() - started
    rows = list(csv.DictReader(io.StringIO(out)))
    return [float(r["lagrangian_bits"]) for r in rows], max(float(r["gap_bits"]) for r in rows), seconds


def embo(joint):
    started = cpu_seconds()
    values = []
    for beta in BETAS:
        # Its β's run from 0.01 up to the one asked for; the last is ours.
        i_x, i_y, _, _ = InformationBottleneck(pxy=joint, maxbeta=beta * np.log(2), numbeta=10, processes=1).get_bottleneck()
        values.append(i_x[-1] - beta * i_y[-1])
    return values, cpu_seconds() - started


def dit(joint):
    import dit as package
    from dit.rate_distortion import IBCurve

    n, m = joint.shape
    outcomes = [(i, j) for i in range(n) for j in range(m)]
    distribution = package.Distribution(outcomes, joint.ravel())
    started = cpu_seconds()
    values = []
    for beta in BETAS:
        curve = IBCurve(distribution, rvs=[[0], [1]], beta_min=beta, beta_max=beta, beta_num=1, method="ba")
        values.append(float(curve.complexities[0] - beta * curve.relevances[0]))
    return values, cpu_seconds() - started


def named():
    rng = np.random.default_rng(1)
    return {
        "channel 2 x 2": np.array([[0.45, 0.05], [0.05, 0.45]]),
        "dirichlet 6 x 2": rng.dirichlet([1, 1], 6) / 6,
        "dirichlet 30 x 2": rng.dirichlet([0.5, 0.5], 30) / 30,
        "one clear x 31 x 2": np.array([[0.001, 0.999]] + [[0.55 - 0.002 * i, 0.45 + 0.002 * i] for i in range(30)]) / 31,
        "dirichlet 10 x 4": rng.dirichlet([0.5] * 4, 10) / 10,
    }


def drawn(how_many, seed):
    """Joints of random size and kind: smooth, sparse (zeros kept out: embo takes none) and nearly deterministic."""
    rng = np.random.default_rng(seed)
    joints = {}
    for i in range(how_many):
        m = int(rng.choice([2, 3, 4, 10]))
        n = int(rng.integers(2, 25))
        concentration = float(rng.choice([0.1, 0.3, 1.0, 3.0]))
        table = (rng.dirichlet([concentration] * m, n) + 1e-9) * rng.dirichlet([1.0] * n)[:, None]
        joints[f"{i} dirichlet({concentration}) {n} x {m}"] = table / table.sum()
    return joints


def compare(name, joint, solvers, totals):
    values, gap, seconds = ours(joint)
    line = f"{name:<32} {gap:>9.1e} {seconds * 1e3:>8.1f}"
    for solver in solvers:
        try:
            theirs, taken = solver(joint)
        except Exception as error:
            line += f"   {type(error).__name__:>21}"
            continue
        excess = [t - v for t, v in zip(theirs, values)]
        line += f"   {max(excess):>12.1e} {taken / max(seconds, 0.01):>8.0f}"
        totals.setdefault(solver.__name__, []).append((min(excess), max(excess), taken / max(seconds, 0.01)))
    print(line, flush=True)


how_many = int(sys.argv[2]) if len(sys.argv) > 2 else 40
seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
totals = {}
print(f"{'joint':<32} {'our gap':>9} {'our ms':>8}   {'embo excess':>12} {'x time':>8}   {'dit excess':>12} {'x time':>8}")
for name, joint in (named() | drawn(how_many, seed)).items():
    # dit takes minutes on anything larger.
    compare(name, joint, (embo, dit) if joint.size <= 4 else (embo,), totals)
for solver, rows in totals.items():
    least, most, ratio = (np.array(column) for column in zip(*rows))
    print(
        f"{solver}: {len(rows)} joints; excess up to {most.max():.1e} bits, above 1e-6 in {(most > 1e-6).sum()};"
        f" time x{ratio.min():.0f} to x{ratio.max():.0f}, median x{np.median(ratio):.0f}; best excess {least.min():.1e}"
    )
    assert least.min() > -1e-8, f"{solver} beats us by {-least.min()} bits"
