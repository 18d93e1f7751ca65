"""The front of energy and cycles of one layer against every mapping of small layers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import find_mapping
from archgym.simulators.accelerator.mapping import evaluate_mapping
from archgym.simulators.accelerator.optimal.certificate import in_space
from archgym.simulators.accelerator.optimal.certifying import certify
from archgym.simulators.accelerator.optimal.checking import check
from archgym.simulators.accelerator.optimal.lanes import Lanes
from archgym.simulators.accelerator.optimal.rooms import front_room
from archgym.simulators.accelerator.optimal.searching import Search
from archgym.simulators.accelerator.optimal.standing import (
    cycles_beyond,
    energy_beyond,
    enter,
    standing,
)  # fmt: skip
from archgym.simulators.accelerator.optimal.tracing import FrontSearch, certify_front

from archgym.cli import main
from archgym.errors import ArchgymError
from tests.accelerator.enumeration import front_of
from tests.accelerator.test_certificates import cases, small_machine


@pytest.mark.parametrize(
    ("windows", "reuse"), [(False, "physical"), (True, "physical"), (True, "timeloop")]
)
def test_fronts_equal_enumeration(windows, reuse):
    proved = several = 0
    for seed, layer, machine in cases(windows, 12 if reuse == "physical" else 4):
        exact = front_of(layer, machine, reuse)
        front = certify_front(layer, machine, reuse=reuse)
        if front is None:
            assert len(exact) == 0, seed
            continue
        found = np.array([(p.energy_pj, p.cycles) for p in front.points])
        for pj, cycles in exact:  # what is claimed holds for every mapping
            near = (found <= np.array([pj, cycles]) * (1 + front.gap + 1e-9)).all(axis=1)
            assert near.any(), seed
            assert front.least_energy_within(cycles) <= pj * (1 + 1e-9), seed
        assert all(in_space(layer, machine, p.mapping) for p in front.points)
        if front.proved:
            proved += 1
            several += len(exact) > 1
            # points that differ in rounding alone may be there or not
            for pj, cycles in found:
                assert (np.abs(exact / [pj, cycles] - 1) < 1e-8).all(axis=1).any(), seed
    assert proved >= (10 if reuse == "physical" else 3) and several >= 1


def test_standings_are_what_they_say():
    rng = np.random.default_rng(0)
    state = np.ones((2, 3, 8), np.int64), np.ones((2, 8), np.int64), np.ones((2, 3), bool)
    for room in (64, 5):
        front, kept = front_room(2, room), []
        for pj, cycles in rng.integers(1, 40, (60, 2)).astype(float):
            expected = max((min(pj / e, cycles / c) for e, c in kept), default=0.0)
            assert standing(pj, cycles, front) == expected
            limit = rng.uniform(0.5, 1.0)
            for e, c in kept:
                assert standing(max(e, 1e-3) * 2, c * 2, front) >= 2
            beyond = energy_beyond(limit, cycles, front)
            if beyond < np.inf:
                assert standing(beyond * (1 + 1e-12), cycles * (1 + 1e-12), front) >= limit
                assert standing(beyond * 0.999, cycles, front) < limit
            beyond = cycles_beyond(limit, pj, front)
            if beyond < np.inf:
                assert standing(pj * (1 + 1e-12), beyond * (1 + 1e-12), front) >= limit
                assert standing(pj, beyond * 0.999, front) < limit
            if expected >= 1.0:
                continue
            left = [x for x in kept if x[0] < pj or x[1] < cycles]
            entered = enter(pj, cycles, *state, front)
            assert entered == (len(left) < len(kept) or len(kept) < room)
            kept = sorted([*left, (pj, cycles)], key=lambda x: x[1]) if entered else kept
            assert front[0][: front[1][0]].tolist() == [list(x) for x in kept]


def test_a_front_holds_the_optimum_of_every_objective():
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("shidiannao")
    front = certify_front(layer, machine)
    assert front.proved and len(front.points) >= 5
    cycles = [p.cycles for p in front.points]
    energy = [p.energy_pj for p in front.points]
    assert cycles == sorted(cycles) and energy == sorted(energy, reverse=True)
    for objective in ("energy", "delay", "energy-delay"):
        alone = certify(layer, machine, objective=objective)
        point, bound = front.least(objective)
        assert bound == pytest.approx(alone.value, rel=1e-8)
        cost = evaluate_mapping(layer, machine, point.mapping)
        assert (cost.energy_pj, cost.cycles) == (point.energy_pj, point.cycles)


def test_a_front_that_stops_early_says_how_near_it_is():
    layer, machine = Layer("l", K=24, C=20, P=28), load_architecture("eyeriss")
    start = find_mapping(layer, machine, effort=300).mapping
    a, b = (certify_front(layer, machine, starts=(start,), rounds=2) for _ in range(2))
    assert a.gap == b.gap > 0.0 and not a.proved
    assert [p.mapping.format() for p in a.points] == [p.mapping.format() for p in b.points]
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("shidiannao")
    near, exact = (certify_front(layer, machine, gap=x) for x in (0.2, 0.0))
    assert 0.0 < near.gap <= 0.2 + 1e-9 and near.nodes < exact.nodes
    for p in exact.points:
        assert near.least_energy_within(p.cycles) <= p.energy_pj * (1 + 1e-9)


@pytest.mark.parametrize("rounds", [None, 8])
def test_any_number_of_threads_gives_the_same(rounds):
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("shidiannao")
    start = find_mapping(layer, machine, effort=100).mapping
    alone = certify_front(layer, machine, starts=(start,))
    fronts, best = [], []
    for threads in (1, 2, 3):
        front = certify_front(layer, machine, starts=(start,), threads=threads, rounds=rounds)
        fronts.append([(p.energy_pj, p.cycles, p.mapping.format()) for p in front.points])
        best.append((front.gap, front.nodes, front.leaves))
        if rounds is None:
            assert front.proved
            assert [x[:2] for x in fronts[-1]] == [(p.energy_pj, p.cycles) for p in alone.points]
    assert fronts[0] == fronts[1] == fronts[2] and len(set(best)) == 1
    proofs = [
        certify(layer, machine, objective="energy-delay", threads=x, start=start) for x in (1, 3)
    ]
    assert len({(p.value, p.bound, p.nodes, str(p.mapping.format())) for p in proofs}) == 1
    assert proofs[0].value == certify(layer, machine, objective="energy-delay").value


def test_lanes_share_all_choices_and_prove_the_least_of_what_each_proves():
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("shidiannao")
    search = Search(layer, machine, "energy-delay", "physical", 0.0)
    search.start_from(find_mapping(layer, machine, effort=300).mapping)
    whole = Lanes(search, 2)
    dealt = np.concatenate([x.ranked for x in whole.lanes])
    assert sorted(dealt) == sorted(search.ranked)
    assert whole.lanes[0].run(10_000_000)  # the one with the most promising choice is done
    bounds = [x.bound() for x in whole.lanes]
    assert len(set(bounds)) > 1 and whole.bound() == min(bounds) < bounds[0]
    while not whole.run(1000):
        assert all((x.best == search.best).all() for x in whole.lanes)
    assert whole.bound() == pytest.approx(search.best[0], rel=1e-8)


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize("room", [2, 7])
def test_a_front_without_room_says_how_far_it_is(monkeypatch, room, threads):
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("shidiannao")
    exact = certify_front(layer, machine)
    assert exact.proved and len(exact.points) > room
    monkeypatch.setattr(FrontSearch, "most_points", room)
    front = certify_front(layer, machine, threads=threads)
    assert 0 < len(front.points) <= room  # points that left made room for no other
    for p in exact.points:  # some lane may have closed its nodes by points that are not among these
        above = [max(q.energy_pj / p.energy_pj, q.cycles / p.cycles) for q in front.points]
        assert min(above) <= (1.0 + front.gap) * (1 + 1e-9)


def test_the_checker_holds_fronts_and_refutes_false_ones():
    refuted = 0
    for layer, machine in (
        (Layer("product", K=3, C=2, P=3), small_machine()),
        (Layer("l", K=6, C=4, P=5), load_architecture("shidiannao")),
        (Layer("l", K=5, C=3, P=4), load_architecture("nvdla")),
    ):
        front = certify_front(layer, machine)
        assert front.proved and check(layer, machine, front).verdict == "holds"
        near = replace(front, points=front.points[:1], gap=10.0)
        assert check(layer, machine, near).verdict == "holds"
        for at in range(len(front.points)) if len(front.points) > 1 else ():
            without = replace(front, points=front.points[:at] + front.points[at + 1 :])
            answer = check(layer, machine, without)
            assert answer.verdict == "fails" and "less than the bound" in answer.reason
            refuted += 1
        cheaper = replace(front.points[0], energy_pj=0.9 * front.points[0].energy_pj)
        assert check(layer, machine, replace(front, points=(cheaper,))).verdict == "fails"
    assert refuted >= 2


def test_the_mapper_and_the_command_give_fronts(capsys, tmp_path):
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("nvdla")
    found = find_mapping(layer, machine, objective="energy", effort=200, certify=True, front=True)
    assert found.gap == 0.0 and found.front.proved
    assert found.cost.energy_pj == min(p.energy_pj for p in found.front.points) == found.bound
    with pytest.raises(ArchgymError, match="give certify=True"):
        find_mapping(layer, machine, effort=10, front=True)
    path = tmp_path / "layer.csv"
    path.write_text("name,K,C,P\nl,12,10,14\n")
    words = ["accelerator", "map", str(path), "--architecture", "nvdla", "--effort", "200"]
    assert main([*words, "--certify", "--front", "--check", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["layers"]
    assert row["proved"] and row["gap"] == 0.0 and row["checked"] == "holds"
    assert len(row["points"]) == len(found.front.points)
    assert row["points"][-1]["energy"] == pytest.approx(found.bound * 1e-12)
    picture = tmp_path / "front.svg"
    assert main([*words, "--certify", "--front", "--plot", str(picture)]) == 0
    assert "the exact front" in capsys.readouterr().out
    assert "l, exact" in picture.read_text() or picture.stat().st_size > 1000
    assert main([*words, "--front"]) == 2
    assert "--certify" in capsys.readouterr().err
