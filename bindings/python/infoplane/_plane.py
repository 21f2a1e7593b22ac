"""The information plane while a network trains: every layer's I(X;T) and I(T;Y) at chosen epochs (Shwartz-Ziv & Tishby 2017, figure 2)."""

from __future__ import annotations

import csv
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from . import _native
from ._arrays import as_numpy
from ._estimates import estimate

#: Thirty bins over each layer's own range, whatever its activation. (The authors' bins are "idnns:edges=30".)
BINS = "binning:bins=30,range=own"

#: The columns of information_plane.csv, as the programs write and read them.
COLUMNS = (
    "dataset",
    "architecture",
    "condition",
    "activation",
    "train_fraction",
    "replica",
    "seed",
    "epoch",
    "layer",
    "estimator",
    "i_xt_bits",
    "i_ty_bits",
)


def watch(
    model: Any,
    x: Any,
    y: Any,
    epochs: Optional[Iterable[int]] = None,
    layers: Optional[Sequence[str]] = None,
    estimator: Union[str, Sequence[str]] = BINS,
    maps: str = "flatten",
    dataset: str = "own",
    replica: int = 0,
    seed: int = 0,
    train_fraction: float = 1.0,
) -> "Plane":
    """A recorder of the information plane, to be used as a context around a training loop.

    Parameters
    ----------
    model : torch.nn.Module or None
        The network that is watched; None where `Plane.record` is handed the activations (Keras, JAX, anything).
    x : tensor [rows × …]
        Inputs at which layers are measured, on the model's device: rows that the network has not been trained on, or all patterns there
        are. They go through the model in one batch, in evaluation mode, without gradients. Every row is an input of its own.
    y : array [rows]
        Their labels.
    epochs : iterable of int, optional
        The epochs at which `Plane.step` measures; without it every one.
    layers : list of str, optional
        Names as in ``model.named_modules()``; without it every activation function, and the model's output if it is none.
    estimator : str or list of str
        As for `infoplane.estimate`; thirty bins over each layer's own range unless named.
    maps : "flatten" or "mean"
        What becomes of convolutional maps [rows × channels × …]: every place a column, or the mean over places. `Plane.notes` says which.
    dataset, replica, seed, train_fraction
        What the saved tables call the data, the network's number, its seed, and the share of the rows x that train it.
    """
    return Plane(model, x, y, epochs, layers, estimator, maps, dataset, replica, seed, train_fraction)


class Plane:
    """Every layer's information at the epochs recorded, in bits; made by `watch`."""

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        epochs: Optional[Iterable[int]] = None,
        layers: Optional[Sequence[str]] = None,
        estimator: Union[str, Sequence[str]] = BINS,
        maps: str = "flatten",
        dataset: str = "own",
        replica: int = 0,
        seed: int = 0,
        train_fraction: float = 1.0,
    ) -> None:
        if maps not in ("flatten", "mean"):
            raise ValueError(f"maps={maps!r}: convolutional maps are taken by 'flatten' or 'mean'")
        self.model, self.x, self.y = model, x, y
        self.epochs = None if epochs is None else frozenset(int(epoch) for epoch in epochs)
        self.estimator, self.maps = estimator, maps
        self.dataset, self.replica, self.seed, self.train_fraction = dataset, replica, seed, train_fraction
        #: What was made of layers before they were measured, a sentence each.
        self.notes: list[str] = []
        #: A dictionary for each layer, epoch and estimator.
        self.rows: list[dict[str, Any]] = []
        self._layers: dict[str, int] = {}
        self._widths: dict[str, int] = {}
        self._seen: dict[str, Any] = {}
        self._is_watching = False
        self._hooks: list[Any] = []
        self._watched = {} if model is None else _watched(model, layers)
        self._activation = "own" if model is None else _activation(self._watched.values())

    def __enter__(self) -> "Plane":
        # A hook of a module that is used twice keeps what it gave last.
        for name, module in self._watched.items():
            self._hooks.append(module.register_forward_hook(self._keep(name)))
        return self

    def __exit__(self, *_: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _keep(self, name: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if self._is_watching:
                self._seen.pop(name, None)
                self._seen[name] = output[0] if isinstance(output, tuple) else output

        return hook

    def step(self, epoch: int) -> bool:
        """Measures, if this epoch was asked for; whether it was."""
        if self.epochs is not None and epoch not in self.epochs:
            return False
        self.record(epoch)
        return True

    def record(self, epoch: int, activations: Optional[Mapping[str, Any]] = None) -> None:
        """Measures now.

        `activations` are arrays [rows × …] by the names of layers, in order from the input; without them the model is asked.
        """
        seen = self._ask() if activations is None else dict(activations)
        if not seen:
            raise ValueError("there are no activations to measure: name layers, or hand them to record(epoch, {'fc1': t})")
        taken = {name: self._rows(name, layer) for name, layer in seen.items()}
        estimates = estimate(taken, self.y, estimator=self.estimator)
        # The same epoch again replaces what was recorded of it.
        self.rows = [row for row in self.rows if row["epoch"] != epoch]
        for one in estimates:
            self._widths[one.layer] = taken[one.layer].shape[1]
            place = self._layers.setdefault(one.layer, len(self._layers) + 1)
            self.rows.append(
                {
                    "epoch": int(epoch),
                    "layer": place,
                    "name": one.layer,
                    "estimator": one.estimator,
                    "i_xt_bits": _number(one.i_xt_bits),
                    "i_ty_bits": one.bits,
                    "i_xt_standing": one.i_xt_word,
                    "i_ty_standing": one.standing,
                }
            )

    def _ask(self) -> dict[str, Any]:
        """Every watched layer's activations at x."""
        if self.model is None:
            raise ValueError("no model is watched, so hand over its activations: record(epoch, {'fc1': t})")
        if not self._hooks:
            raise ValueError("layers are watched inside `with infoplane.watch(…) as plane:` only")
        import torch

        # Each part's own mode comes back, not only the model's: some may be frozen.
        training = [(module, module.training) for module in self.model.modules()]
        self._seen, self._is_watching = {}, True
        try:
            self.model.eval()
            with torch.no_grad():
                self.model(self.x)
        finally:
            self._is_watching = False
            for module, was_training in training:
                module.training = was_training
        seen, self._seen = self._seen, {}
        return seen

    def _rows(self, name: str, layer: Any) -> np.ndarray:
        """A layer [rows × columns]."""
        layer = as_numpy(layer)
        if layer.ndim <= 2:
            return layer.reshape(len(layer), -1)
        shape = " × ".join(str(length) for length in layer.shape[1:])
        if self.maps == "mean":
            self._note(f"{name}: maps of {shape} are taken by their means over places")
            return layer.mean(axis=tuple(range(2, layer.ndim)))
        self._note(f"{name}: maps of {shape} are flattened, every place a column")
        return layer.reshape(len(layer), -1)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def __repr__(self) -> str:
        epochs = sorted({row["epoch"] for row in self.rows})
        if not epochs:
            return "Plane: nothing recorded yet"
        return f"Plane of {', '.join(self._layers)}: {len(epochs)} epochs from {epochs[0]} to {epochs[-1]}"

    def to_pandas(self) -> Any:
        """A data frame: epoch, layer (from 1), name, estimator, i_xt_bits, i_ty_bits, and what each is worth."""
        import pandas

        return pandas.DataFrame(self.rows)

    def plot(self, file: Union[str, Path, None] = None, estimator: Optional[str] = None) -> Any:
        """The plane as a figure of matplotlib: a path for each layer, coloured by the epoch; also written to `file`.

        Without `estimator`, of the one that was named first.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise ImportError("plot() draws with matplotlib: pip install matplotlib; report() needs nothing") from None
        if not self.rows:
            raise ValueError("nothing is recorded yet")
        estimator = estimator or self.rows[0]["estimator"]
        rows = [row for row in self.rows if row["estimator"] == estimator]
        if not rows:
            raise ValueError(f"nothing is recorded by {estimator}")
        figure = Figure(figsize=(6.4, 4.8), layout="constrained")
        axes = figure.add_subplot()
        # Epochs count from 0 and matter by their order of magnitude.
        shade = np.log1p(np.asarray([row["epoch"] for row in rows], dtype=float))
        markers = "osD^vP*X<>"
        for name, place in self._layers.items():
            path = sorted((row for row in rows if row["name"] == name), key=lambda row: row["epoch"])
            i_xt, i_ty = ([row[column] for row in path] for column in ("i_xt_bits", "i_ty_bits"))
            axes.plot(i_xt, i_ty, color="0.8", linewidth=0.8, zorder=1)
            points = axes.scatter(
                i_xt,
                i_ty,
                c=np.log1p([row["epoch"] for row in path]),
                cmap="viridis",
                vmin=shade.min(),
                vmax=max(shade.max(), shade.min() + 1e-9),
                marker=markers[(place - 1) % len(markers)],
                s=22,
                label=name,
                zorder=2,
            )
        bar = figure.colorbar(points, ax=axes, label="epoch")
        shown = sorted({row["epoch"] for row in rows})
        ticks = [shown[at] for at in np.unique(np.linspace(0, len(shown) - 1, 6).round().astype(int))]
        bar.set_ticks(np.log1p(ticks), labels=[str(epoch) for epoch in ticks])
        axes.set(xlabel="I(X;T) / bits", ylabel="I(T;Y) / bits", title=estimator)
        legend = axes.legend(fontsize="small", loc="best")
        for handle in legend.legend_handles:
            # One colour for all: shapes tell layers apart, colours epochs.
            handle.set_array(None)
            handle.set_color("0.35")
        if file is not None:
            figure.savefig(file, dpi=150)
        return figure

    def save(self, folder: Union[str, Path]) -> Path:
        """Writes information_plane.csv and run.json, as the programs write them; `report FOLDER` makes a page of them."""
        if not self.rows:
            raise ValueError("nothing is recorded yet")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        widths = "-".join(str(self._widths[name]) for name in self._layers)
        same = {
            "dataset": self.dataset,
            "architecture": widths,
            "condition": "watched",
            "activation": self._activation,
            "train_fraction": self.train_fraction,
            "replica": self.replica,
            "seed": self.seed,
        }
        with open(folder / "information_plane.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            for row in sorted(self.rows, key=lambda row: (row["epoch"], row["layer"])):
                writer.writerow({**same, **row})
        record = {
            "question": "watch",
            "command": "infoplane.watch",
            "version": _native.__version__,
            "burn": "not used",
            "device": "Python",
            "threads": os.cpu_count(),
            "machine": f"{platform.machine()} {platform.system().lower()}",
            "seeds": [self.seed],
            "notes": self.notes,
            "layers": {str(place): name for name, place in self._layers.items()},
            "config": {"compute": {"backend": "own" if self.model is None else "pytorch"}},
        }
        # Last, since it says that the folder is complete.
        (folder / "run.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
        return folder

    def report(self, file: Union[str, Path] = "plane.html") -> Path:
        """One self-contained page: the moving plane, its panels and tables, made as the program `report` makes it."""
        import tempfile

        file = Path(file)
        with tempfile.TemporaryDirectory() as folder:
            self.save(Path(folder) / self.dataset.replace("/", "_"))
            _native.report([folder], file)
        return file


def _number(bits: Optional[float]) -> float:
    """A probe has no I(X;T)."""
    return float("nan") if bits is None else bits


def _watched(model: Any, names: Optional[Sequence[str]]) -> dict[str, Any]:
    """The modules that are watched, by name."""
    modules = dict(model.named_modules())
    if names is not None:
        unknown = [name for name in names if name not in modules]
        if unknown:
            known = ", ".join(name for name in modules if name)
            raise ValueError(f"the model has no layer {', '.join(unknown)}; it has {known}")
        return {name: modules[name] for name in names}
    found = {name: module for name, module in modules.items() if _is_activation(module)}
    leaves = [module for module in modules.values() if not list(module.children())]
    if leaves and not _is_activation(leaves[-1]):
        # What the model gives in the end.
        found["output"] = model
    return found


def _is_activation(module: Any) -> bool:
    # Attention lives in the same file of PyTorch and is none.
    return type(module).__module__ == "torch.nn.modules.activation" and type(module).__name__ != "MultiheadAttention"


def _activation(modules: Iterable[Any]) -> str:
    names = dict.fromkeys(type(module).__name__.lower() for module in modules if _is_activation(module))
    hidden = [name for name in names if name not in ("softmax", "logsoftmax", "sigmoid")] or list(names)
    return "+".join(hidden) if hidden else "own"
