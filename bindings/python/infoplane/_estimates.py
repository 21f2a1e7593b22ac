"""Information of anyone's arrays: what the program ``estimate`` answers, as objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

from . import _native
from ._arrays import layers, numbers, numbers_or_words

#: More permutations or halves than this are a slip of the hand.
MOST_DRAWS = 1_000_000


class Estimate:
    """One number with what it is worth.

    Every column that the program ``estimate`` prints is an attribute, too: ``i_xt_bits``, ``i_ty_bits``, ``p_value``, ``h_y_bits``, ….
    """

    def __init__(self, row: dict[str, Any], quantity: str, described: Sequence[str]) -> None:
        self.row = row
        #: What is estimated: "I(T;Y)", "I(A;B)" or "I(A;B|C)".
        self.quantity = quantity
        #: What the data look like, a line for each array.
        self.described = list(described)

    def __getattr__(self, column: str) -> Any:
        # Only asked for what is no attribute; copies and pickles ask before there is a row.
        row = self.__dict__.get("row", {})
        if column in row:
            return row[column]
        raise AttributeError(f"an estimate has no {column}; it has {', '.join(row)}")

    @property
    def _kind(self) -> str:
        return "i_ty" if self.quantity == "I(T;Y)" else "i_xt"

    @property
    def bits(self) -> float:
        """The number in bits; NaN where the estimator refused."""
        bits = self.row[f"{self._kind}_bits"]
        return float("nan") if bits is None else bits

    @property
    def standing(self) -> str:
        """What it is worth in a word: measured, saturated, lower bound, upper bound, not to be trusted, or refused."""
        return "refused" if self.row["refused"] is not None else self.row[f"{self._kind}_word"]

    @property
    def because(self) -> str:
        """What it is worth, with the reason."""
        return self.row["refused"] or self.row[f"{self._kind}_standing"]

    @property
    def doubt(self) -> Optional[str]:
        """What speaks against it; None where nothing does."""
        return self.because if self.standing in ("refused", "not to be trusted") else None

    @property
    def lower(self) -> Optional[float]:
        """Lower end of the 95 % interval for the truth, or the bound itself, in bits; None where neither is known."""
        lower = self.row["interval_lower_bits"]
        return self.bits if lower is None and self.standing == "lower bound" else lower

    @property
    def upper(self) -> Optional[float]:
        """Upper end of the 95 % interval for the truth, or the bound itself, in bits; None where neither is known."""
        upper = self.row["interval_upper_bits"]
        return self.bits if upper is None and self.standing == "upper bound" else upper

    def __float__(self) -> float:
        return self.bits

    def __repr__(self) -> str:
        head = f"{self.quantity} = {self.bits:.4f} bits, {self.standing}"
        if self.standing == "refused":
            head = f"{self.quantity}: refused"
        elif self.row["interval_lower_bits"] is not None and self.row["interval_upper_bits"] is not None:
            head += f", 95 % in [{self.lower:.4f}, {self.upper:.4f}]"
        if self.row["p_value"] is not None:
            head += f", p = {self.row['p_value']:.4f}"
        why = f"\n  {self.because}" if self.because and self.because != self.standing else ""
        return f"{head} ({self.row['estimator']} on {self.row['layer']}, {self.row['rows']} rows){why}"

    def to_pandas(self) -> Any:
        """A data frame of one row, with the columns that the program prints."""
        return Estimates([self]).to_pandas()


class Estimates(list):
    """Estimates of several layers, or by several estimators, in the order of layers."""

    def __repr__(self) -> str:
        return "\n".join(repr(estimate) for estimate in self)

    def to_pandas(self) -> Any:
        """A data frame with a row for each, with the columns that the program prints."""
        import pandas

        rows = [{key: value for key, value in estimate.row.items() if key != "notes"} for estimate in self]
        return pandas.DataFrame(rows)


class Description:
    """What data look like, before anything is measured."""

    def __init__(self, lines: Sequence[str]) -> None:
        #: A line for each array.
        self.lines = list(lines)

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def _names(estimator: Union[str, Sequence[str]]) -> list[str]:
    names = [estimator] if isinstance(estimator, str) else list(estimator)
    if not names:
        raise ValueError("name an estimator, like 'auto' or 'ksg:k=3'")
    return names


def _check_draws(**draws: int) -> None:
    for name, count in draws.items():
        if not 0 <= count <= MOST_DRAWS:
            raise ValueError(f"{name}={count}: give a number from 0 to {MOST_DRAWS}")
    if draws.get("bootstrap") == 1:
        raise ValueError("bootstrap=1: one half has no spread; give at least 2, better 100")


def _optional(array: Any, name: str, by: Any = numbers) -> Any:
    return None if array is None else by(array, name)


def _answer(answer: Any, quantity: str, is_many: bool) -> Union[Estimate, Estimates]:
    described, rows = answer
    refused = [row["refused"] for row in rows if row["refused"] is not None]
    if len(refused) == len(rows):
        raise ValueError("; ".join(dict.fromkeys(refused)))
    estimates = Estimates(Estimate(row, quantity, described) for row in rows)
    return estimates if is_many or len(estimates) != 1 else estimates[0]


def estimate(
    t: Any,
    y: Any,
    x: Any = None,
    estimator: Union[str, Sequence[str]] = "auto",
    shuffle: int = 0,
    bootstrap: int = 0,
    groups: Any = None,
) -> Union[Estimate, Estimates]:
    """I(X;T) and I(T;Y) of activations, in bits.

    Parameters
    ----------
    t : array [rows × units], or [epochs × rows × units]; a list of arrays, or a dictionary of names, for several layers
        Activations. Further dimensions are flattened into columns.
    y : array [rows], or one-hot [rows × classes]
        Labels: whole numbers or words.
    x : array [rows × d], optional
        Inputs; equal rows are one x. Without it every row is an input of its own.
    estimator : str or list of str
        As the program names them: "auto" (what calibration trusts on such data, else a probe), "binning:bins=30,range=own",
        "ksg:k=3", "probe:kind=best", "infonce", …
    shuffle : int
        Permutations for a p-value.
    bootstrap : int
        Random halves of the rows for the spread over samples.
    groups : array [rows], optional
        Which rows belong together; of copies, the first is kept.

    Returns
    -------
    Estimate
        Of one layer by one estimator; `Estimates`, a list, of more. What an estimator refused has the standing "refused" beside the
        others' numbers.

    Raises
    ------
    ValueError
        With the sentence that the program prints, where the arrays do not fit, or nothing can be estimated.
    """
    _check_draws(shuffle=shuffle, bootstrap=bootstrap)
    arrays, is_many = layers(t)
    answer = _native.layers(
        arrays,
        numbers_or_words(y, "y"),
        _optional(x, "x"),
        _optional(groups, "groups", numbers_or_words),
        _names(estimator),
        shuffle,
        bootstrap,
    )
    return _answer(answer, "I(T;Y)", is_many or not isinstance(estimator, str))


def pair(
    a: Any,
    b: Any,
    estimator: Union[str, Sequence[str]] = "auto",
    shuffle: int = 0,
    bootstrap: int = 0,
    groups: Any = None,
) -> Union[Estimate, Estimates]:
    """I(A;B) of two samples [rows × d_a] and [rows × d_b], in bits; see `estimate` for the rest."""
    _check_draws(shuffle=shuffle, bootstrap=bootstrap)
    sides = [numbers_or_words(a, "a"), numbers_or_words(b, "b")]
    groups = _optional(groups, "groups", numbers_or_words)
    answer = _native.samples(sides, groups, _names(estimator), shuffle, bootstrap)
    return _answer(answer, "I(A;B)", not isinstance(estimator, str))


def conditional(
    a: Any, b: Any, c: Any, estimator: Union[str, Sequence[str]] = "auto", groups: Any = None
) -> Union[Estimate, Estimates]:
    """I(A;B|C) in bits: what A says of B beyond C; by "ksg" (which "auto" takes) or "plugin". Any of them may be words."""
    sides = [numbers_or_words(side, name) for side, name in ((a, "a"), (b, "b"), (c, "c"))]
    groups = _optional(groups, "groups", numbers_or_words)
    return _answer(_native.samples(sides, groups, _names(estimator), 0, 0), "I(A;B|C)", not isinstance(estimator, str))


def describe(t: Any, y: Any, x: Any = None, groups: Any = None) -> Description:
    """What the data look like: rows, repeats, grids, zeros, spreads of columns, classes; nothing is measured."""
    arrays, _ = layers(t)
    groups = _optional(groups, "groups", numbers_or_words)
    return Description(_native.describe(arrays, numbers_or_words(y, "y"), _optional(x, "x"), groups))
