"""Arrays that the tests share, and the programs, where they are built."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


def program(name):
    """A program of this repository: from INFOPLANE_PROGRAMS, or where cargo puts it."""
    folders = [os.environ.get("INFOPLANE_PROGRAMS"), os.environ.get("CARGO_TARGET_DIR", ROOT / "target")]
    for folder, below in zip(folders, ("", "release")):
        path = folder and Path(folder) / below / name
        if path and path.exists():
            return str(path)
    found = shutil.which(f"infoplane-{name}")
    if found:
        return found
    pytest.skip(f"the program {name} is not built: cargo build --release --bin {name}")


def run(name, *arguments):
    return subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def layer():
    """Activations [600 × 3] and the labels that they know something of."""
    rng = np.random.default_rng(7)
    y = rng.integers(0, 3, 600)
    t = rng.normal(size=(600, 3)) + 0.9 * np.eye(3)[y]
    return t, y
