"""The same numbers as the program's, to the last bit, and the same sentences."""

import csv
import io
import math
import re
import subprocess
import sys
import threading

import infoplane
import numpy as np
import pytest
from conftest import run

LAYERS = (
    "auto binning:width=0.3 binning:bins=30,range=own binning:quantile=8 idnns:edges=30 quantised:bits=8 dithered:width=0.35 "
    "kde:variance=0.1,bound=upper kde:variance=0.1,bound=lower noisy:sigma=0.5 gaussian-mixture:bound=upper "
    "gaussian-mixture:bound=lower ksg:k=3 lnc mixed-ksg:k=3 gaussian cca edge sliced renyi:alpha=1.01 probe:kind=linear"
).split()
DISCRETE = (
    "plugin plugin:correction=miller-madow plugin:correction=grassberger plugin:correction=chao-shen plugin:correction=nsb"
).split()
TRAINED = "infonce infonce-anchor nwj mine smile:tau=5".split()


def rows_of_program(*arguments):
    done = run("estimate", *arguments, "--format", "csv")
    return done, list(csv.DictReader(io.StringIO(done.stdout)))


def same(estimate, row, but=("layer",)):
    """Every column of the program, compared as the number it prints (the shortest that reads back to the same bits)."""
    for column, text in row.items():
        if column in but:
            continue
        ours = getattr(estimate, column)
        if ours is None or ours == "":
            assert text == "", column
        elif isinstance(ours, bool):
            assert text == str(ours).lower(), column
        elif isinstance(ours, float):
            assert float(text) == ours, (column, text, ours)
        else:
            assert text == str(ours), column


def check(tmp_path, t, y, estimators):
    np.save(tmp_path / "t.npy", t)
    np.save(tmp_path / "y.npy", y)
    flags = [word for name in estimators for word in ("--estimator", name)]
    _, rows = rows_of_program("--t", tmp_path / "t.npy", "--y", tmp_path / "y.npy", *flags)
    found = infoplane.estimate(t, y, estimator=estimators)
    assert len(found) == len(rows) >= len(estimators) - 1
    for estimate, row in zip(found, rows):
        same(estimate, row)
    return found


def test_every_estimator_says_what_the_program_says(tmp_path, layer):
    found = check(tmp_path, *layer, LAYERS)
    assert any(estimate.standing == "measured" for estimate in found)
    assert all(estimate.doubt is None or estimate.because == estimate.doubt for estimate in found)


def test_discrete_estimators_say_what_the_program_says(tmp_path):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 400)
    check(tmp_path, np.c_[y ^ (rng.random(400) < 0.2), rng.integers(0, 3, 400)], y, DISCRETE)


def test_trained_bounds_say_what_the_program_says(tmp_path, layer):
    t, y = layer
    check(tmp_path, t[:200], y[:200], TRAINED)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint16", "int64", "uint64", "bool", ">f8", "<i4"])
def test_types_are_read_as_files_of_them_are(tmp_path, layer, dtype):
    t = (2 * abs(layer[0])).round().astype(dtype) if np.dtype(dtype).kind != "f" else layer[0].astype(dtype)
    check(tmp_path, t, layer[1], ["binning:width=0.5", "auto"])


def test_layouts_change_nothing(layer):
    t, y = layer
    bits = infoplane.estimate(t, y, estimator="ksg:k=3").bits
    wide = np.zeros((600, 6))
    wide[:, ::2] = t
    for same_numbers in (np.asfortranarray(t), wide[:, ::2], t.reshape(600, 3, 1), t.tolist()):
        assert infoplane.estimate(same_numbers, y, estimator="ksg:k=3").bits == bits


def test_inputs_groups_and_draws_go_through(tmp_path, layer):
    t, y = layer
    x = np.repeat(np.arange(300), 2)
    for name, array in (("t", t), ("y", y), ("x", x)):
        np.save(tmp_path / f"{name}.npy", array)
    t_y = ["--t", tmp_path / "t.npy", "--y", tmp_path / "y.npy", "--estimator", "ksg:k=3"]
    _, [row] = rows_of_program(*t_y, "--x", tmp_path / "x.npy", "--shuffle", 20, "--bootstrap", 10)
    same(infoplane.estimate(t, y, x=x, estimator="ksg:k=3", shuffle=20, bootstrap=10), row)
    _, [row] = rows_of_program(*t_y, "--groups", tmp_path / "x.npy")
    found = infoplane.estimate(t, y, estimator="ksg:k=3", groups=x)
    same(found, row)
    assert found.rows == 300


def test_pairs_and_conditionals_say_what_the_program_says(tmp_path, layer):
    t, y = layer
    for name, array in (("a", t[:, :1]), ("b", t[:, 1:] + t[:, :1]), ("c", y)):
        np.save(tmp_path / f"{name}.npy", array)
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    flags = ["--pair", tmp_path / "a.npy", tmp_path / "b.npy", "--estimator", "auto", "--estimator", "gaussian"]
    _, rows = rows_of_program(*flags)
    for estimate, row in zip(infoplane.pair(a, b, estimator=["auto", "gaussian"]), rows, strict=True):
        same(estimate, row)
        assert estimate.bits == float(row["i_xt_bits"])
    _, [row] = rows_of_program(*flags[:5], "--given", tmp_path / "c.npy")
    same(infoplane.conditional(a, b, c), row)
    words = np.array(["cat", "dog", "ox"])[y]
    (tmp_path / "c.csv").write_text("\n".join(words))
    _, [row] = rows_of_program(*flags[:5], "--given", tmp_path / "c.csv")
    same(infoplane.conditional(a, b, words), row)


def test_layers_have_their_names_and_epochs_their_numbers(layer):
    t, y = layer
    found = infoplane.estimate({"fc1": t, "fc2": t[:, :1]}, y, estimator=["gaussian", "cca"])
    assert [estimate.layer for estimate in found] == ["fc1", "fc1", "fc2", "fc2"]
    found = infoplane.estimate([t, t[:, :1]], y, estimator="gaussian")
    assert [estimate.layer for estimate in found] == ["t[0]", "t[1]"]
    run_of_epochs = infoplane.estimate(np.stack([t, 2 * t]), y, estimator="gaussian")
    assert [estimate.epoch for estimate in run_of_epochs] == [0, 1]


def test_words_and_one_hot_are_labels(layer):
    t, y = layer
    bits = infoplane.estimate(t, y, estimator="ksg:k=3").bits
    words = np.array(["cat", "dog", "ox"])[y]
    for labels in (words, words.tolist(), words.astype(object), np.eye(3)[y], y.astype(float)):
        assert infoplane.estimate(t, labels, estimator="ksg:k=3").bits == bits


def test_data_are_described_as_the_program_describes_them(tmp_path, layer):
    t, y = layer
    np.save(tmp_path / "t.npy", t)
    np.save(tmp_path / "y.npy", y)
    done, _ = rows_of_program("--t", tmp_path / "t.npy", "--y", tmp_path / "y.npy", "--estimator", "gaussian")
    said = re.findall(r"data: (.*)", done.stderr.replace(f"{tmp_path}/", "").replace(".npy", ""))
    assert infoplane.describe(t, y).lines == said
    assert repr(infoplane.describe(t, y)) == "\n".join(said)


def test_errors_are_the_programs_sentences(tmp_path, layer):
    t, y = layer
    holes = t.copy()
    holes[5, 1] = np.nan
    for bad_t, bad_y, estimator in [
        (t[:-1], y, "auto"),
        (holes, y, "auto"),
        (t, y + 0.5, "auto"),
        (t, y, "ksq:k=3"),
        (t, y, "binning:bins=30,range=-1..1"),
        (t, np.eye(3)[y] / 2, "auto"),
    ]:
        np.save(tmp_path / "t.npy", bad_t)
        np.save(tmp_path / "y.npy", bad_y)
        done, _ = rows_of_program("--t", tmp_path / "t.npy", "--y", tmp_path / "y.npy", "--estimator", estimator)
        with pytest.raises(ValueError) as error:
            infoplane.estimate(bad_t, bad_y, estimator=estimator)
        said = done.stderr.replace(f"{tmp_path}/", "").replace("t.npy", "t").replace("y.npy", "y")
        assert done.returncode == 1 and str(error.value) in said, (str(error.value), said)


def test_what_cannot_be_is_refused(layer):
    t, y = layer
    with pytest.raises(ValueError, match="2\\^53"):
        infoplane.estimate(np.full((600, 1), 2**53 + 1), y)
    with pytest.raises(ValueError, match="numbers are needed"):
        infoplane.estimate(t.astype(complex), y)
    with pytest.raises(ValueError, match="shuffle=-1"):
        infoplane.estimate(t, y, shuffle=-1)
    with pytest.raises(ValueError, match="single number"):
        infoplane.pair(1.0, 2.0)
    mixed = infoplane.estimate(t, y, estimator=["binning:bins=30,range=-1..1", "gaussian"])
    assert [estimate.standing == "refused" for estimate in mixed] == [True, False]
    assert math.isnan(mixed[0].bits) and "refused" in repr(mixed[0])


def test_an_estimate_says_what_it_is(layer):
    found = infoplane.estimate(*layer, estimator="probe:kind=linear", shuffle=5)
    assert found.standing == "lower bound" and found.lower <= found.bits <= found.upper and float(found) == found.bits
    assert "I(T;Y) = " in repr(found) and "lower bound" in repr(found) and "p = " in repr(found)
    with pytest.raises(AttributeError, match="no such"):
        found.such
    pandas = pytest.importorskip("pandas")
    frame = infoplane.estimate(*layer, estimator=["gaussian", "cca"]).to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame["estimator"]) == ["gaussian", "cca"]
    assert found.to_pandas()["i_ty_bits"][0] == found.bits


def test_counts_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(2)
    a = rng.integers(0, 4, 500)
    b = (a + rng.integers(0, 2, 500)) % 4
    ours = infoplane.estimate(a, b, estimator="plugin").bits
    assert abs(ours - metrics.mutual_info_score(a, b) / np.log(2)) < 1e-12


def test_gaussians_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    a = np.random.default_rng(3).normal(size=(400, 2))
    r = stats.pearsonr(a[:, 0], a[:, 0] + a[:, 1]).statistic
    ours = infoplane.pair(a[:, 0], a[:, 0] + a[:, 1], estimator="gaussian").bits
    assert abs(ours + 0.5 * np.log2(1 - r * r)) < 0.01


def test_ten_threads_at_once_and_the_interpreter_stays_free(layer):
    t, y = layer
    alone = infoplane.estimate(t, y, estimator="ksg:k=3", shuffle=50).row
    found, beats = [None] * 10, 0
    done = threading.Event()

    def one(at):
        found[at] = infoplane.estimate(t, y, estimator="ksg:k=3", shuffle=50).row

    threads = [threading.Thread(target=one, args=(at,)) for at in range(10)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        beats += 1
        done.wait(0.001)
    assert found == [alone] * 10
    assert beats > 5


def test_big_arrays_are_not_copied():
    if not sys.platform.startswith("linux"):
        pytest.skip("the peak of a process's own memory is read from /proc")
    code = """
import sys, numpy as np, infoplane
# (That of getrusage begins at the peak of whoever started the process.)
peak = lambda: 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
t = np.empty((2_000_000, 10), dtype=sys.argv[1])
t[:] = np.arange(10)
y = np.arange(1_999_999) % 2
before = peak()
try:
    infoplane.estimate(t, y, estimator="plugin")
except ValueError:
    print(peak() - before)
"""

    def growth(dtype):
        # All is read, then a label is found missing.
        done = subprocess.run([sys.executable, "-c", code, dtype], capture_output=True, text=True, check=True)
        return int(done.stdout)

    size = 2_000_000 * 10 * 8
    assert growth("float64") < 0.5 * size
    assert growth("float32") > 0.9 * size
