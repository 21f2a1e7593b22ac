"""The plane while something trains: by hooks in PyTorch, by hand elsewhere; its tables, figure and page."""

import csv

import infoplane
import numpy as np
import pytest
from conftest import run


@pytest.fixture
def filled():
    """A plane of two layers at three epochs, handed over as Keras or JAX would."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    y = (x[:, 0] > 0).astype(int)
    plane = infoplane.watch(None, x, y)
    for epoch in (0, 10, 100):
        plane.record(epoch, {"fc1": np.tanh(x @ rng.normal(size=(4, 3))), "fc2": np.tanh((1 + epoch) * x[:, :1])})
    return plane


def test_arrays_are_recorded_as_estimate_measures_them(filled):
    assert [(row["epoch"], row["layer"], row["name"]) for row in filled.rows][:2] == [(0, 1, "fc1"), (0, 2, "fc2")]
    t = np.tanh(filled.x[:, :1])
    alone = infoplane.estimate(t, filled.y, estimator="binning:bins=30,range=own")
    assert filled.rows[1]["i_ty_bits"] == alone.bits and filled.rows[1]["i_xt_bits"] == alone.i_xt_bits
    filled.record(0, {"fc1": t, "fc2": t})
    assert sum(row["epoch"] == 0 for row in filled.rows) == 2
    assert "3 epochs from 0 to 100" in repr(filled)
    with pytest.raises(ValueError, match="hand over its activations"):
        filled.record(1)


def test_a_saved_plane_is_what_the_programs_read(filled, tmp_path):
    folder = filled.save(tmp_path / "watched")
    with open(folder / "information_plane.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 and rows[0]["architecture"] == "3-1"
    # As numbers they come back to the same bits.
    assert sorted(float(row["i_xt_bits"]) for row in rows) == sorted(row["i_xt_bits"] for row in filled.rows)
    done = run("report", folder, "--output", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    filled.report(tmp_path / "plane.html")
    page = (tmp_path / "plane.html").read_text()
    assert page.startswith("<!") and '"3-1"' in page
    packed = [text.split('"paths":"')[1].split('"')[0] for text in (page, (tmp_path / "page.html").read_text())]
    assert packed[0] == packed[1] and len(packed[0]) > 10


def test_a_plane_is_drawn(filled, tmp_path):
    pytest.importorskip("matplotlib")
    figure = filled.plot(tmp_path / "plane.png")
    assert (tmp_path / "plane.png").stat().st_size > 10_000
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["fc1", "fc2"]
    with pytest.raises(ValueError, match="nothing is recorded by ksg"):
        filled.plot(estimator="ksg")
    pytest.importorskip("pandas")
    assert set(filled.to_pandas()["name"]) == {"fc1", "fc2"}


def test_a_network_in_pytorch_is_watched_while_it_trains():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    x = torch.randn(256, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def train(plane=None):
        torch.manual_seed(1)
        for module in model:
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        for epoch in range(31):
            if plane is not None:
                assert plane.step(epoch) == (epoch % 10 == 0)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        return [parameter.detach().clone() for parameter in model.parameters()]

    alone = train()
    with infoplane.watch(model, x, y, epochs=range(0, 31, 10)) as plane:
        watched = train(plane)
    # Looking changes nothing: neither weights, nor modes, nor hooks.
    assert all(torch.equal(a, b) for a, b in zip(alone, watched))
    assert all(module.training and not module._forward_hooks for module in model.modules())
    assert {row["name"] for row in plane.rows} == {"1", "4", "output"} and len(plane.rows) == 12
    model.eval()
    t = torch.tanh(model[0](x))
    plane.record(31, {"1": t})
    assert plane.rows[-1]["i_ty_bits"] == infoplane.estimate(t, y, estimator=infoplane._plane.BINS).bits
    with pytest.raises(ValueError, match="inside `with"):
        plane.record(31)
    with pytest.raises(ValueError, match="no layer fc9; it has 0, 1"):
        infoplane.watch(model, x, y, layers=["fc9"])


@pytest.mark.parametrize(("maps", "width"), [("flatten", 2 * 4 * 4), ("mean", 2)])
def test_convolutional_maps_are_taken_as_asked_and_that_is_said(maps, width):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2), nn.Softmax(1))
    x = torch.randn(60, 1, 6, 6)
    with infoplane.watch(model, x, torch.arange(60) % 2, maps=maps, layers=["1"]) as plane:
        plane.record(0)
    assert plane._widths == {"1": width}
    assert "2 × 4 × 4" in plane.notes[0] and ("means" in plane.notes[0]) == (maps == "mean")
