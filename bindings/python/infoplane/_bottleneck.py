"""The certified Information Bottleneck bound of a discrete p(x, y) (Tishby, Pereira & Bialek 1999)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional, Union

import numpy as np

from . import _native
from ._arrays import numbers


@dataclass(frozen=True)
class Optimum:
    """The best encoder at one β, of L = I(X;T) − β I(T;Y). Information in bits."""

    beta: float
    i_xt_bits: float
    i_ty_bits: float
    lagrangian_bits: float
    #: No encoder has an L below lagrangian_bits − gap_bits.
    gap_bits: float
    #: What the gap rests on: "rigorous", or "many starts" of a search for a better encoder.
    proof: str
    #: Values of T.
    atoms: int
    is_open: bool
    #: p(t|x) [|X| × |T|].
    encoder: np.ndarray

    def __repr__(self) -> str:
        return (
            f"β = {self.beta:g}: I(X;T) = {self.i_xt_bits:.6f}, I(T;Y) = {self.i_ty_bits:.6f} bits, {self.atoms} atoms, "
            f"L within {self.gap_bits:.1e} bits ({self.proof})"
        )


@dataclass(frozen=True)
class Query:
    """One place of the curve: the information asked about lies between `lower` and `upper`, in bits."""

    at: float
    lower: float
    upper: float
    beta: float
    proof: str
    is_open: bool


@dataclass(frozen=True)
class Gap:
    """How far an encoder is from the bound, in bits: each gap lies between its lower and its upper end."""

    i_xt_bits: float
    i_ty_bits: float
    #: The best I(T;Y) at this I(X;T), minus the encoder's.
    vertical_lower_bits: float
    vertical_upper_bits: float
    #: The encoder's I(X;T), minus the least that its I(T;Y) needs.
    horizontal_lower_bits: float
    horizontal_upper_bits: float
    #: β at which the encoder is nearest to obeying the bottleneck's equations, and how far it is from them there.
    beta: float
    residual_bits: float


class Curve(list):
    """Optima along the curve, in order; between them I(T;Y) is known to `width_bits`."""

    width_bits: float

    def to_pandas(self) -> Any:
        """A data frame with a row for each optimum, without the encoders."""
        import pandas

        rows = [{key: value for key, value in asdict(optimum).items() if key != "encoder"} for optimum in self]
        return pandas.DataFrame(rows)


class Bottleneck:
    """The bound of one joint; see `bottleneck`."""

    def __init__(self, p_xy: Any) -> None:
        self._native = _native.Bottleneck(*numbers(p_xy, "p_xy"))

    @property
    def i_xy_bits(self) -> float:
        """I(X;Y): the most that any T knows of Y."""
        return self._native.i_xy_bits

    @property
    def normalised_from(self) -> Optional[float]:
        """What the table added up to, where that was not 1."""
        return self._native.normalised_from

    def __repr__(self) -> str:
        return f"Bottleneck of {self._native.described}; I(X;Y) = {self.i_xy_bits:.4f} bits"

    def curve(self, points: Optional[int] = None) -> Curve:
        """So many optima along the whole curve, placed where the bounds are widest; without a number, to 1e-6 bits."""
        found, width = self._native.curve(points)
        curve = Curve(Optimum(**row) for row in found)
        curve.width_bits = width
        _warn(curve)
        return curve

    def at_beta(self, beta: Union[float, Sequence[float]]) -> Union[Optimum, list[Optimum]]:
        """The optimum at β; a list of them for several β's, which share what each finds."""
        betas = np.asarray(beta, dtype=np.float64)
        found = [Optimum(**row) for row in self._native.at_beta(betas.ravel().tolist())]
        _warn(found)
        return found[0] if betas.ndim == 0 else found

    def at_i_xt(self, bits: float) -> Query:
        """The best I(T;Y) at this I(X;T), both in bits."""
        return _warned(Query(**self._native.at_i_xt(bits)))

    def at_i_ty(self, bits: float) -> Query:
        """The least I(X;T) at this I(T;Y), both in bits."""
        return _warned(Query(**self._native.at_i_ty(bits)))

    def gap(self, encoder: Any) -> Gap:
        """How far an encoder p(t|x) [|X| × |T|], rows adding up to 1, is from the bound, in both directions."""
        _, table, _ = numbers(encoder, "encoder")
        if table.ndim != 2:
            raise ValueError(f"the encoder has {table.ndim} dimensions; p(t|x) has rows x and columns t")
        return Gap(**self._native.gap(table))


def _warn(found: Sequence[Optimum]) -> None:
    wide = [f"β = {optimum.beta:g} ({optimum.gap_bits:.1e} bits)" for optimum in found if optimum.is_open]
    if wide:
        warnings.warn(f"the gap stayed open at {', '.join(wide)}: the optimum there may be another", stacklevel=3)


def _warned(query: Query) -> Query:
    if query.is_open:
        warnings.warn(f"the bounds stayed apart at {query.at} ({query.upper - query.lower:.1e} bits)", stacklevel=3)
    return query


def bottleneck(p_xy: Any) -> Bottleneck:
    """The bottleneck of a joint [|X| × |Y|] of counts or probabilities, which is divided by its sum.

    >>> bound = infoplane.bottleneck([[0.4, 0.1], [0.1, 0.4]])
    >>> bound.at_i_xt(0.5)
    """
    return Bottleneck(p_xy)
