"""Properties that hold for any value: units, specs, bounds, narrowed spaces, wrappers, stores."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archgym import DesignSpace, EvaluationStore, categorical, ordinal
from archgym.contracts.wrappers import Cached, Counted, Noisy
from archgym.errors import StoreError
from archgym.goals.bounds import Relative, as_written, parse_bound
from archgym.goals.objectives import Expression, Objective, Spec
from archgym.goals.rewards import compared
from archgym.units import PREFIXES, format_quantity, parse_quantity
from tests.conftest import ToySimulator

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
positive = st.floats(min_value=1e-14, max_value=9e14)
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# ---- units
@relaxed
@given(positive, st.sampled_from(["s", "J", "W", "B/s", "Hz"]))
def test_what_is_written_for_people_reads_back(value, unit):
    assert parse_quantity(format_quantity(value, unit, 12), unit) == pytest.approx(value, rel=1e-9)


@relaxed
@given(positive, st.sampled_from(sorted(set(PREFIXES) - {""})))
def test_a_prefix_scales(value, prefix):
    scaled = parse_quantity(f"{value!r} {prefix}s", "s")
    assert scaled == pytest.approx(value * PREFIXES[prefix])


@relaxed
@given(st.text(max_size=12))
def test_text_is_a_finite_number_or_an_error(text):
    with contextlib.suppress(ValueError):
        assert math.isfinite(parse_quantity(text, "s"))


# ---- bounds and specs
@relaxed
@given(st.floats(min_value=1e-6, max_value=1e6))
def test_a_multiple_of_the_reference_survives_writing(factor):
    bound = parse_bound(as_written(Relative(factor)), "J")
    assert isinstance(bound, Relative) and bound.factor == pytest.approx(factor, rel=1e-9)


@relaxed
@given(finite, finite, st.lists(finite, min_size=1, max_size=20))
def test_a_violation_is_zero_exactly_inside(a, b, values):
    lower, upper = sorted((a, b))
    assume(upper - lower < 1e300)
    with np.errstate(over="ignore"):
        off = Spec("m", upper=upper, lower=lower).violation({"m": np.array(values)})
    inside = [lower <= v <= upper for v in values]
    assert (off >= 0).all() and [bool(o == 0) for o in off] == inside


@relaxed
@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e3), st.floats(1.001, 1e3))
def test_a_relative_spec_moves_with_its_reference(reference, factor, scale):
    spec = Spec("m", upper=Relative(factor))
    here, there = spec.resolved(reference), spec.resolved(reference * scale)
    values = np.array([0.5, 1.0, 2.0]) * reference * factor
    near = here.violation({"m": values})
    np.testing.assert_allclose(there.violation({"m": values * scale}), near, rtol=1e-9, atol=1e-12)


@relaxed
@given(st.lists(finite, min_size=2, max_size=20), finite, st.sampled_from(["ratio", "difference"]))
def test_costs_keep_the_order_of_values(values, reference, how):
    objective = Objective(Expression("m", (("m", 1),)), reference=reference, compare=how)
    values = np.sort(np.array(values))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        cost = compared(objective, {"m": values})
    assume(np.isfinite(cost).all())  # differences of the largest floats overflow
    assert (np.diff(cost) >= -1e-12).all()


# ---- narrowed spaces
@relaxed
@given(st.data())
def test_designs_pass_through_a_narrowed_space_and_back(data):
    whole = DesignSpace(
        (ordinal("a", tuple(range(7))), categorical("b", ("x", "y", "z")), ordinal("c", (1, 2, 4)))
    )
    kept = {
        p.name: data.draw(st.lists(st.sampled_from(p.values), min_size=1, unique=True))
        for p in whole.parameters
    }
    narrow = whole.narrowed(kept)
    x = narrow.sample(10, np.random.default_rng(0))
    inner = narrow.embed(x, whole)
    assert whole.decode(inner) == narrow.decode(x)
    assert narrow.cardinality == math.prod(len(v) for v in kept.values())


# ---- wrappers and stores
@relaxed
@given(st.integers(0, 2**31), st.integers(1, 40))
def test_wrappers_change_nothing_but_what_they_say(seed, n):
    toy = ToySimulator()
    x = toy.space.sample(n, np.random.default_rng(seed))
    plain = toy.evaluate(x)
    cached, counted = Cached(toy), Counted(toy)
    for e in (cached.evaluate(x), cached.evaluate(x), counted.evaluate(x)):
        assert all(np.array_equal(e.metrics[m], plain.metrics[m], True) for m in plain.metrics)
    assert counted.count == n and counted.default_design() == toy.default_design()
    noisy = Noisy(toy, 0.1, seed)
    a, b = noisy.evaluate(x), noisy.evaluate(x[::-1])
    assert np.array_equal(a.metrics["latency"], b.metrics["latency"][::-1], True)
    assert noisy.key != toy.key


@relaxed
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_a_store_gives_back_the_bits_and_the_trials_in_order(tmp_path_factory, seed, n):
    toy = ToySimulator()
    x = toy.space.sample(n, np.random.default_rng(seed))
    e = toy.evaluate(x)
    with EvaluationStore(tmp_path_factory.mktemp("s") / "e.sqlite") as store:
        store.put(toy, x, e)
        known, back = store.get(toy, x)
        assert known.all()
        for name, values in e.metrics.items():
            assert values.tobytes() == back.metrics[name].tobytes()
        half = n // 2
        store.record_trials("r", 0, x[:half])
        store.record_trials("r", half, x[half:])
        assert store.trial_count("r") == n
        blocks = list(store.trials("r", x.shape[1], chunk=7))
        assert [first for first, _ in blocks] == list(range(0, n, 7))
        assert np.array_equal(np.concatenate([b for _, b in blocks]), x)
        store.record_trials("r", 0, x)  # a replay that proposes the same
        other = x.copy()
        other[-1, 0] = (other[-1, 0] + 1) % 8
        with pytest.raises(StoreError, match=f"step {n - 1}"):
            store.record_trials("r", 0, other)
