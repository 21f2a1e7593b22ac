"""ib-curve beside embo and dit on the same joints: the Lagrangian reached and the time taken, in one run.

A positive excess is how many bits the other solver's I(X;T) − β I(T;Y) lies above ours; ours carries its certificate. embo's β
is the natural one × ln 2.

cargo build --release --bin ib-curve; pip install numpy embo dit; python benches/ib_against_embo_and_dit.py
"""
import csv
import io
import subprocess
import sys
import tempfile
import time

import numpy as np
from embo import InformationBottleneck

BINARY = sys.argv[1] if len(sys.argv) > 1 else "target/release/ib-curve"
BETAS = [1.2, 1.5, 2.0, 3.0, 5.0, 10.0]


def ours(joint):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        np.savetxt(file, joint, delimiter=",", fmt="%.17g")
        file.flush()
        started = time.perf_counter()
        command = [BINARY, "--joint", file.name] + [w for b in BETAS for w in ("--beta", str(b))]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = time.perf_counter() - started
    rows = list(csv.DictReader(io.StringIO(out)))
    return [float(r["lagrangian_bits"]) for r in rows], max(float(r["gap_bits"]) for r in rows), seconds


def embo(joint):
    started = time.perf_counter()
    values = []
    for beta in BETAS:
        # Its β's run from 0.01 up to the one asked for; the last is ours.
        i_x, i_y, _, _ = InformationBottleneck(pxy=joint, maxbeta=beta * np.log(2), numbeta=10, processes=1).get_bottleneck()
        values.append(i_x[-1] - beta * i_y[-1])
    return values, time.perf_counter() - started


def dit(joint):
    import dit as package
    from dit.rate_distortion import IBCurve

    n, m = joint.shape
    outcomes = [(i, j) for i in range(n) for j in range(m)]
    distribution = package.Distribution(outcomes, joint.ravel())
    started = time.perf_counter()
    values = []
    for beta in BETAS:
        curve = IBCurve(distribution, rvs=[[0], [1]], beta_min=beta, beta_max=beta, beta_num=1, method="ba")
        values.append(float(curve.complexities[0] - beta * curve.relevances[0]))
    return values, time.perf_counter() - started


rng = np.random.default_rng(1)
joints = {
    "channel 2 x 2": np.array([[0.45, 0.05], [0.05, 0.45]]),
    "dirichlet 6 x 2": rng.dirichlet([1, 1], 6) / 6,
    "dirichlet 30 x 2": rng.dirichlet([0.5, 0.5], 30) / 30,
    "one clear x 31 x 2": np.array([[0.001, 0.999]] + [[0.55 - 0.002 * i, 0.45 + 0.002 * i] for i in range(30)]) / 31,
    "dirichlet 10 x 4": rng.dirichlet([0.5] * 4, 10) / 10,
}
print(f"{'joint':<20} {'our gap':>9} {'our ms':>8}   {'embo excess':>12} {'x time':>8}   {'dit excess':>12} {'x time':>8}")
for name, joint in joints.items():
    values, gap, seconds = ours(joint)
    line = f"{name:<20} {gap:>9.1e} {seconds * 1e3:>8.1f}"
    # dit takes minutes on anything larger.
    for solver in (embo, dit) if joint.size <= 4 else (embo,):
        try:
            theirs, taken = solver(joint)
            excess = [t - v for t, v in zip(theirs, values)]
            line += f"   {max(excess):>12.1e} {taken / seconds:>8.0f}"
            assert min(excess) > -1e-7, f"{solver.__name__} beats us by {-min(excess)} bits"
        except AssertionError:
            raise
        except Exception as error:
            line += f"   {type(error).__name__:>21}"
    print(line, flush=True)
