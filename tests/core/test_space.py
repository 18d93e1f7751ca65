import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import Constraint, DesignSpace, categorical, ordinal
from archgym.errors import DesignError, UnknownNameError

SPACE = DesignSpace(
    (
        categorical("kind", ("a", "b", "c")),
        ordinal("size", (1, 2, 4, 8), "how large", "KiB", "log"),
        ordinal("share", (0.0, 0.25, 0.5)),
        categorical("flag", (False, True)),
    )
)
LIMITED = DesignSpace(
    (ordinal("x", tuple(range(7))), ordinal("y", tuple(range(7)))),
    (Constraint("sum", lambda c: c["x"] + c["y"] <= 4, "x + y must be at most 4"),),
)


def test_cardinality_is_exact_and_counts_no_constraint():
    assert SPACE.cardinality == 3 * 4 * 3 * 2
    huge = DesignSpace([ordinal(f"p{i}", tuple(range(1000))) for i in range(20)])
    assert huge.cardinality == 1000**20


@given(st.integers(0, SPACE.cardinality - 1))
def test_rank_and_unrank_are_inverse(rank):
    x = SPACE.unrank([rank])
    assert SPACE.rank(x) == [rank]


def test_unrank_beyond_64_bits():
    huge = DesignSpace([ordinal(f"p{i}", tuple(range(1000))) for i in range(30)])
    rank = 1000**30 - 7
    assert huge.rank(huge.unrank([rank])) == [rank]


def test_decode_and_encode_are_inverse_over_the_whole_space():
    x = np.concatenate(list(SPACE.grid(5)))
    assert len(x) == SPACE.cardinality
    assert (SPACE.encode(SPACE.decode(x)) == x).all()


def test_encode_takes_text_as_a_csv_file_has_it():
    x = SPACE.encode([{"kind": "b", "size": "4", "share": "0.25", "flag": "true"}])
    assert SPACE.decode(x)[0] == {"kind": "b", "size": 4, "share": 0.25, "flag": True}


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"kind": "b", "size": 3, "share": 0, "flag": True}, "'size': 3 is not a legal value"),
        ({"kind": "b", "size": 4, "share": float("nan"), "flag": True}, "share"),
        ({"kind": "b", "size": 4, "share": 0}, "lacks parameter 'flag'"),
        ({"kind": 1, "size": 4, "share": 0, "flag": True}, "'kind'"),
    ],
)
def test_encode_refuses(design, message):
    with pytest.raises(DesignError, match=message):
        SPACE.encode([design])


def test_unknown_parameter_suggests_the_right_one():
    with pytest.raises(UnknownNameError, match="did you mean 'size'"):
        SPACE.encode([{"kind": "a", "sise": 4, "share": 0, "flag": True}])


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(4, int),
        np.zeros((1, 3), int),
        np.array([[0, 4, 0, 0]]),
        np.array([[-1, 0, 0, 0]]),
        np.array([[0.5, 0, 0, 0]]),
        np.array([[np.nan, 0, 0, 0]]),
        np.array([["a", "b", "c", "d"]]),
    ],
)
def test_check_refuses(bad):
    with pytest.raises(DesignError):
        SPACE.check(bad)


def test_check_says_row_parameter_and_range():
    with pytest.raises(DesignError, match=r"design 1, parameter 'size': index 9 is outside 0\.\.3"):
        SPACE.check([[0, 0, 0, 0], [0, 9, 0, 0]])


def test_unit_cube_round_trip():
    x = np.concatenate(list(SPACE.grid()))
    assert (SPACE.from_unit(SPACE.to_unit(x)) == x).all()
    assert (SPACE.from_unit([[1.0] * 4, [0.0] * 4]) == [SPACE.nvec - 1, [0] * 4]).all()


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_samples_and_repairs_keep_constraints(seed):
    rng = np.random.default_rng(seed)
    assert LIMITED.is_valid(LIMITED.sample(50, rng)).all()
    broken = rng.integers(0, 7, (50, 2))
    fixed = LIMITED.repair(broken, rng)
    assert LIMITED.is_valid(fixed).all()
    kept = LIMITED.is_valid(broken)
    assert (fixed[kept] == broken[kept]).all()


def test_sampling_is_uniform_over_the_valid_designs():
    x = LIMITED.sample(15_000, np.random.default_rng(0))
    _, counts = np.unique(x, axis=0, return_counts=True)
    assert len(counts) == 15
    assert counts.min() > 850 and counts.max() < 1150


def test_impossible_constraints_are_reported():
    space = DesignSpace((ordinal("x", (0, 1)),), (Constraint("never", lambda c: c["x"] > 5, "no"),))
    with pytest.raises(DesignError, match="no valid design"):
        space.sample(1, np.random.default_rng(0))


def test_grid_leaves_out_what_constraints_forbid():
    assert sum(len(b) for b in LIMITED.grid(8)) == 15


def test_neighbors_are_one_step_away():
    near = SPACE.neighbors([0, 0, 1, 0])
    assert len(near) == 2 + 1 + 2 + 1
    assert (np.sum(near != [0, 0, 1, 0], axis=1) == 1).all()


def test_narrowed_designs_mean_the_same_in_the_whole_space():
    narrow = SPACE.narrowed({"size": [8, 2], "kind": ["c"]})
    assert narrow.cardinality == 1 * 2 * 3 * 2
    x = np.concatenate(list(narrow.grid()))
    assert SPACE.decode(narrow.embed(x, SPACE)) == narrow.decode(x)


def test_a_parameter_needs_distinct_values():
    with pytest.raises(DesignError, match="twice"):
        ordinal("x", (1, 1))
    with pytest.raises(DesignError, match="no values"):
        ordinal("x", ())
    with pytest.raises(DesignError, match="log"):
        ordinal("x", (0, 1), scale="log")
