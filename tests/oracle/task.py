"""Writes the paper's task in the format of the authors' var_u.mat, independently of the Rust code: tests/data/var_u.mat.

pip install numpy scipy; python tests/oracle/task.py tests/data/var_u.mat
"""
import itertools
import sys

import numpy as np
import scipy.io

PHI = (1 + 5**0.5) / 2
corners = list(itertools.product((-1, 1), (-PHI, PHI)))
canonical = [(0, a, b) for a, b in corners] + [(a, b, 0) for a, b in corners] + [(b, 0, a) for a, b in corners]
vertices = np.array(canonical)[[0, 2, 5, 8, 7, 6, 11, 1, 10, 3, 4, 9]]
cosines = vertices @ vertices.T / (1 + PHI**2)
patterns = np.array(list(itertools.product((0, 1), repeat=12)))


def f(pattern):
    members = np.flatnonzero(pattern)
    pairs = np.array([cosines[i, j] for i, j in itertools.combinations(members, 2)])
    n1, n2, n3 = (np.sum(np.abs(pairs - c) < 1e-9) for c in (5**-0.5, -(5**-0.5), -1))
    return 23 * len(members) + n1 - 5 * n2 - 8 * n3


y = np.array([f(pattern) > 98.5 for pattern in patterns])
print(f"{y.sum()} of {len(y)} labels are 1")
scipy.io.savemat(sys.argv[1], {"F": patterns.astype(float), "y": y[None, :].astype(float)}, do_compression=True)
