"""infoplane: how much a layer T knows of its input X and of the labels Y, in bits, and what each number is worth.

>>> import infoplane
>>> infoplane.estimate(t, y)                          # I(T;Y) of activations [rows × units]
>>> with infoplane.watch(model, x, y, epochs=range(0, 1000, 10)) as plane:
...     for epoch in range(1000):
...         plane.step(epoch)                         # measures where it was asked to
...         train_one_epoch(model)
>>> plane.plot("plane.png"); plane.report("plane.html")

The numbers, to the last bit, and the sentences are those of the program ``estimate``: both run the same compiled code. Contiguous
float64 arrays are read where they lie, without a copy; other types and layouts are converted once. The interpreter is free while
infoplane computes, so other threads go on; they must not write into the arrays meanwhile.

The method is that of Shwartz-Ziv & Tishby (2017), arXiv:1703.00810; each estimator names its paper in docs/estimators.md.
"""

from ._bottleneck import Bottleneck, Gap, Optimum, Query, bottleneck
from ._estimates import Description, Estimate, Estimates, conditional, describe, estimate, pair
from ._native import __version__
from ._plane import Plane, watch

__all__ = [
    "Bottleneck",
    "Description",
    "Estimate",
    "Estimates",
    "Gap",
    "Optimum",
    "Plane",
    "Query",
    "__version__",
    "bottleneck",
    "conditional",
    "describe",
    "estimate",
    "pair",
    "watch",
]
