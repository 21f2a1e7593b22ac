"""What people hold (NumPy, PyTorch, JAX, TensorFlow, pandas, lists) as what the compiled half takes: contiguous float64, or words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

import numpy as np

from . import _native

#: A name, the numbers (or words), and how they were stored before they became float64.
Given = tuple[str, Union[np.ndarray, list], str]


def as_numpy(array: Any) -> np.ndarray:
    """Any array as NumPy's, without a copy where its library allows it."""
    if isinstance(array, np.ndarray):
        return array
    if hasattr(array, "detach"):
        # A tensor of PyTorch: off the graph, off the device; NumPy has no bfloat16.
        array = array.detach().cpu()
        if str(array.dtype) == "torch.bfloat16":
            array = array.float()
        return array.numpy()
    return np.asarray(array)


def numbers(array: Any, name: str) -> Given:
    """An array of numbers, as contiguous float64."""
    array = as_numpy(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} holds {array.dtype} values; numbers are needed")
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        # Beyond 2⁵³ neighbours would merge in silence, so each is looked at.
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        return name, np.ascontiguousarray(_native.whole(name, native)), array.dtype.name
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise ValueError(f"{name} is {array.dtype.name}, more digits than float64 has: convert it first, a.astype('float64')")
    return name, as_float64(array), array.dtype.name


def as_float64(array: np.ndarray) -> np.ndarray:
    """The same array if it is contiguous float64, else a copy that is."""
    # ascontiguousarray makes a row of a single number, which is no array of samples.
    return array.astype(np.float64) if array.ndim == 0 else np.ascontiguousarray(array, dtype=np.float64)


def numbers_or_words(array: Any, name: str) -> Given:
    """Numbers, or one word for each row."""
    array = as_numpy(array)
    if array.dtype.kind in "UO" and array.ndim == 1 and all(isinstance(word, str) for word in array):
        return name, [str(word) for word in array], "text"
    if array.dtype.kind == "O":
        # A column of pandas may hold plain numbers as objects.
        try:
            array = np.asarray(array.tolist(), dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{name} holds objects that are neither all numbers nor all words") from None
    return numbers(array, name)


def layers(t: Any) -> tuple[list[Given], bool]:
    """Layers by name, and whether there are several by the way they were given.

    A dictionary has the names itself, a list of arrays is t[0], t[1], …; anything else is one array.
    """
    if isinstance(t, Mapping):
        return [numbers(layer, str(name)) for name, layer in t.items()], True
    is_list = isinstance(t, Sequence) and not isinstance(t, (str, bytes))
    if is_list and len(t) > 0 and all(hasattr(layer, "shape") and len(layer.shape) > 0 for layer in t):
        return [numbers(layer, f"t[{at}]") for at, layer in enumerate(t)], True
    return [numbers(t, "t")], False
