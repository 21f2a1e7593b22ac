"""The bound: the numbers of the program `ib-curve`, closed forms, and what is refused."""

import csv
import io

import infoplane
import numpy as np
import pytest
from conftest import run

JOINT = np.array([[0.4, 0.1], [0.1, 0.4], [0.25, 0.25]]) / 1.5


def rows_of_program(tmp_path, *arguments):
    np.save(tmp_path / "p.npy", JOINT)
    return list(csv.DictReader(io.StringIO(run("ib-curve", "--joint", tmp_path / "p.npy", *arguments).stdout)))


def same(found, row, names):
    assert all(float(row[column]) == getattr(found, name) for name, column in names.items()), (found, row)


def test_the_same_numbers_as_the_program(tmp_path):
    bound = infoplane.bottleneck(JOINT)
    columns = dict.fromkeys(["beta", "i_xt_bits", "i_ty_bits", "lagrangian_bits", "gap_bits", "atoms"])
    columns = {name: name for name in columns}
    for found, row in zip(
        bound.at_beta([2.0, 5.0]), rows_of_program(tmp_path, "--beta", 2, "--beta", 5), strict=True
    ):
        same(found, row, columns)
    for found, row in zip(bound.curve(points=9), rows_of_program(tmp_path, "--points", 9), strict=True):
        same(found, row, columns)
    [row] = rows_of_program(tmp_path, "--at-i-xt", 0.5)
    same(bound.at_i_xt(0.5), row, {"at": "i_xt_bits", "lower": "i_ty_lower_bits", "upper": "i_ty_upper_bits"})
    [row] = rows_of_program(tmp_path, "--at-i-ty", 0.1)
    same(bound.at_i_ty(0.1), row, {"at": "i_ty_bits", "lower": "i_xt_lower_bits", "upper": "i_xt_upper_bits"})


def test_an_encoder_is_held_to_the_bound_in_both_directions():
    bound = infoplane.bottleneck(JOINT)
    best = bound.at_beta(5.0)
    assert best.proof == "rigorous" and best.encoder.shape == (3, best.atoms)
    gap = bound.gap(best.encoder)
    assert gap.vertical_upper_bits < 1e-5 and gap.horizontal_upper_bits < 1e-4
    assert abs(gap.i_xt_bits - best.i_xt_bits) < 1e-9
    # To tell all x's apart costs bits that say nothing of Y that fewer could not.
    assert bound.gap(np.eye(3)).vertical_upper_bits < 1e-5
    poor = bound.gap([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert 0.1 < poor.vertical_lower_bits <= poor.vertical_upper_bits
    assert 0.1 < poor.horizontal_lower_bits <= poor.horizontal_upper_bits


def test_counts_are_normalised_and_a_curve_is_a_frame():
    bound = infoplane.bottleneck(JOINT * 150)
    assert abs(bound.normalised_from - 150) < 1e-9 and "I(X;Y)" in repr(bound)
    curve = bound.curve()
    assert curve.width_bits <= 1e-6
    i_ty = [optimum.i_ty_bits for optimum in curve]
    assert i_ty == sorted(i_ty)
    pytest.importorskip("pandas")
    assert list(curve.to_pandas().columns[:3]) == ["beta", "i_xt_bits", "i_ty_bits"]


def test_what_is_no_joint_or_no_encoder_is_refused():
    for joint, said in [([[1, -1], [1, 1]], "at least 0"), ([[0, 0]], "only zeros"), ([1, 2], "dimensions")]:
        with pytest.raises(ValueError, match=said):
            infoplane.bottleneck(joint)
    bound = infoplane.bottleneck(JOINT)
    for encoder, said in [(np.eye(2), "2 rows"), (np.ones((3, 2)), "adds up to 2"), ([1.0, 0, 0], "dimensions")]:
        with pytest.raises(ValueError, match=said):
            bound.gap(encoder)
    with pytest.raises(ValueError, match="points is 0"):
        bound.curve(points=0)
