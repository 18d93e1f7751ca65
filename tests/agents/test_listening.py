"""Moves that an agent hears: weights, several at once, steps along long knobs, and walks that use them."""

import numpy as np
import pytest
from archgym.agents.farsi import Farsi
from archgym.agents.guided import Guided
from archgym.agents.listening import MOST, Listener

from archgym import Evaluation
from archgym.contracts.explanation import Move, Part, breakdown
from archgym.contracts.feedback import Feedback, Relief
from archgym.goals.objectives import Spec
from archgym.goals.relief import closeness, relief
from archgym.space import Constraint, DesignSpace, categorical, ordinal

SPACE = DesignSpace([ordinal(f"k{i}", tuple(range(64))) for i in range(8)])
MIDDLE = np.full(8, 32, np.int64)


def evaluation(value):
    return Evaluation({"m": np.array([value])}, np.ones(1, np.bool_))


def told(violation, moves, weights=None):
    found = Relief(moves, np.ones(len(moves)) if weights is None else weights, np.zeros(len(moves)))
    off = {"m": np.array([violation])}
    return Feedback(
        evaluation(1.0), off, np.zeros(1), lambda d, _: SPACE.neighbors(d), lambda *_: found
    )


def up(*columns):
    out = np.repeat(MIDDLE[None], len(columns), axis=0)
    out[np.arange(len(columns)), columns] += 1
    return out


def spread(violation):
    """How many knobs each of 300 moves changes."""
    listener = Listener(SPACE, np.random.default_rng(0))
    listener.tell(MIDDLE[None], told(violation, up(*range(8))))
    moves = np.array([listener.move(MIDDLE, "relief") for _ in range(300)])
    assert ((moves - MIDDLE) >= 0).all()  # no step turns round
    return (moves != MIDDLE).sum(axis=1), moves


def test_far_outside_of_specs_several_knobs_move_at_once():
    far, _ = spread(100.0)
    near, _ = spread(0.0)
    assert (far > 1).mean() > 0.9 and far.max() == MOST and (near == 1).mean() > 0.7


def test_steps_along_a_long_knob_are_lengthened_and_stay_inside():
    _, moves = spread(0.0)
    steps = set((moves - MIDDLE).max(axis=1).tolist())
    assert steps == {1, 2, 4, 8, 16}  # a quarter of the knob at most


def test_a_step_that_would_break_a_constraint_is_not_lengthened():
    space = DesignSpace(
        [ordinal("a", tuple(range(64))), ordinal("b", tuple(range(64)))],
        [Constraint("even", lambda c: (c["a"] - c["b"]) <= 1, "a is far above b")],
    )
    at, moved = np.array([8, 8]), np.array([9, 8])
    listener = Listener(space, np.random.default_rng(0))
    for _ in range(50):
        assert (listener._longer(at, moved) == moved).all()


def test_a_design_that_was_not_told_has_no_moves_and_forgotten_ones_neither():
    listener = Listener(SPACE, np.random.default_rng(0))
    assert listener.move(MIDDLE, "relief") is None
    listener.tell(MIDDLE[None], told(0.0, up(1)))
    assert listener.move(MIDDLE, "advice") is None  # every neighbour is no advice
    assert listener.move(MIDDLE, "relief") is not None
    listener.keep([])
    assert listener.move(MIDDLE, "relief") is None


def shares(**values):
    parts = [Part(f"{name}: r", "r", name) for name in values]
    moves = {f"{name}: r": [Move(f"k{i}", 1)] for i, name in enumerate(values)}
    rows = np.array([list(values.values())])
    return breakdown("m", parts, rows, evaluation(float(rows.sum())), relief=moves)


def test_moves_of_parts_weigh_as_their_parts_do():
    b = shares(a=1.0, b=3.0)
    assert b.moves(0) == (Move("k1", 1), Move("k0", 1))  # the larger part first
    found = relief(SPACE, MIDDLE, [(b, 1.0)], [])
    assert (found.moves == up(0, 1)).all()
    np.testing.assert_allclose(found.weights, [0.25, 0.75])
    assert not found.guards.any()


def test_a_step_that_is_likely_to_break_a_close_spec_counts_less():
    wanted, guard = shares(a=1.0, b=1.0), breakdown(
        "m", [Part("p", "r")], np.array([[1.0]]), evaluation(1.0), relief={"p": [Move("k0", -1)]}
    )  # fmt: skip
    alone = relief(SPACE, MIDDLE, [(wanted, 1.0)], [])
    both = relief(SPACE, MIDDLE, [(wanted, 1.0)], [(guard, 1.0)])
    assert both.weights[0] < 0.5 * alone.weights[0] and both.weights[1] == alone.weights[1]
    assert (
        both.weights[2] == 0 and both.guards[2] == 1
    )  # down again makes room, and is worth nothing alone
    assert (both.moves[2] == MIDDLE - np.eye(8, dtype=int)[0]).all()


@pytest.mark.parametrize(
    ("spec", "value", "close"),
    [
        (Spec("m", upper=10.0), 10.0, 1.0),
        (Spec("m", upper=10.0), 1.0, 1e-10),
        (Spec("m", lower=10.0), 10.0, 1.0),
        (Spec("m", lower=10.0), 100.0, 1e-10),
        (Spec("m", lower=5.0, upper=10.0), 5.0, 1.0),
        (Spec("m", upper=10.0), 0.0, 0.0),
    ],
)
def test_closeness_of_a_spec(spec, value, close):
    assert closeness(spec, {"m": np.array([value])}) == pytest.approx(close)


def test_farsi_is_guided_with_walks_that_accept_worse_designs():
    space = DesignSpace([categorical(f"k{i}", tuple(range(4))) for i in range(6)])
    agent = Farsi(space, seed=0, chains=2, hot=1.0, budget=400)
    assert isinstance(agent, Guided)
    climbed = 0
    for _ in range(60):
        x = agent.ask(2)
        before = [cost for _, cost in agent._walks]
        agent.tell(x, x.sum(axis=1).astype(float))
        climbed += any(now[1] > then for now, then in zip(agent._walks, before))
    assert climbed > 3
    assert min(agent._costs) <= 1 and len(agent._walks) == 2
