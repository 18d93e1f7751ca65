"""Fronts of hardware and mapping together: against every mapping of every design of a tiny space."""

import itertools
import json
import shlex

import numpy as np
import pytest
from archgym.simulators.accelerator.fronts import command
from archgym.simulators.accelerator.fronts.boxes import Boxes
from archgym.simulators.accelerator.fronts.checking import check
from archgym.simulators.accelerator.fronts.closing import (
    Progress,
    Task,
    close,
    inside,
    widest,
    work_on,
)
from archgym.simulators.accelerator.fronts.corners import (
    CYCLES,
    ENERGY,
    Space,
    _fastest,
    corners_of,
)
from archgym.simulators.accelerator.fronts.document import identity, read_mapping
from archgym.simulators.accelerator.fronts.lending import lend
from archgym.simulators.accelerator.fronts.profiles import profile_of
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import find_mapping
from archgym.simulators.accelerator.mapping import Cost, Mapping, evaluate_mapping
from archgym.simulators.accelerator.optimal.searching import Search

import archgym
from archgym.cli import main
from archgym.errors import ArchgymError, StoreError
from archgym.files.seal import damaged
from archgym.goals.pareto import pareto_front
from archgym.goals.scenario_file import folder

from .enumeration import all_factors, all_keeps

SHIPPED = sorted((folder() / "certified" / "fronts").glob("*.json"))
TINY = """
name: tiny-front
simulator: accelerator
workload: NETWORK
config: {space: simba, effort: 200}
objectives: [energy, latency, area]
parameters:
  pes: [4, 8]
  lanes: 2
  vector_width: 2
  glb_size: 16
  glb_bandwidth: [64, 512]
  input_buffer: 1
  weight_buffer: 1
  accumulator_words: [16, 32]
  dram_bandwidth: 3.2
  precision: 8
  node: 16
"""
LAYERS = "name, K, C, P, count\nfirst, 3, 2, 1, 1\nsecond, 2, 1, 3, 2\n"


@pytest.fixture
def tiny(tmp_path):
    network = tmp_path / "net.csv"
    network.write_text(LAYERS)
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("NETWORK", str(network)))
    return path


def every_cost(layer, machine):
    """(n, 2): pJ and cycles of every tight mapping, those that others beat left out."""
    found = []
    for factor in all_factors(layer, machine):
        loops = [np.flatnonzero(level[0] > 1) for level in factor]
        loops[-1] = loops[-1][:0]  # nothing is inside the innermost loops
        for orders in itertools.product(*(itertools.permutations(x.tolist()) for x in loops)):
            order = np.array([[d for d in range(8) if d not in x] + list(x) for x in orders])
            for keep in all_keeps(machine):
                cost = evaluate_mapping(layer, machine, Mapping(factor, order, keep))
                if isinstance(cost, Cost):
                    found.append((cost.energy_pj, cost.cycles))
    costs = np.unique(np.array(found), axis=0)
    return costs[pareto_front(costs)]


def every_point(space, corners):
    """(n, 3): J, s and m2 of all designs under all mappings, those that others beat left out."""
    out = []
    for rank, area, clock in zip(corners.ranks, corners.area, corners.clock):
        sums = np.zeros((1, 2))
        for layer, count in zip(space.layers, space.counts):
            costs = every_cost(layer, space.machine(int(rank)))
            sums = (sums[:, None] + count * costs[None]).reshape(-1, 2)
            sums = sums[pareto_front(sums)]
        out.append(
            np.column_stack([sums[:, 0] * 1e-12, sums[:, 1] / clock, np.full(len(sums), area)])
        )
    points = np.concatenate(out)
    return points[pareto_front(points)]


@pytest.mark.parametrize("rounds", [0, 1, 40])
def test_no_design_under_any_mapping_is_below_the_staircase(tiny, rounds):
    space = Space.of(archgym.load_scenario(str(tiny)))
    corners = corners_of(space)
    boxes, progress = Boxes(space, corners), None
    progress = Progress.new(boxes)
    close(boxes, progress, gap=0.0, go_on=lambda: progress.rounds < rounds, threads=1)
    everything = every_point(space, corners)
    stairs = boxes.lower[boxes.staircase()] * (1 - 1e-9)
    assert all((stairs <= point).all(axis=1).any() for point in everything)
    assert boxes.products().min() <= (everything[:, 0] * everything[:, 1]).min() * (1 + 1e-9)
    if rounds:
        found = np.array([p.metrics for p in boxes.points])
        near = found / (1 + boxes.gap.max() + 1e-9)
        assert all((near <= point).all(axis=1).any() for point in everything)
        # what is attained is a mapping of a design, so nothing of it is below all of them
        assert all((everything <= point * (1 + 1e-9)).all(axis=1).any() for point in found)
    if rounds > 1:
        assert boxes.gap.max() < 0.05


def test_the_answer_does_not_depend_on_the_number_of_threads(tiny):
    space = Space.of(archgym.load_scenario(str(tiny)))
    corners = corners_of(space)
    answers = []
    for threads in (1, 3):
        boxes = Boxes(space, corners)
        progress = Progress.new(boxes)
        close(boxes, progress, gap=0.0, go_on=lambda p=progress: p.rounds < 3, threads=threads)
        answers.append((boxes.lower.tolist(), [p.metrics for p in boxes.points], progress.proofs))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("machine", ["simba", "eyeriss"])
@pytest.mark.parametrize(
    "layer",
    [
        Layer("product", K=24, C=20, P=6),
        Layer("window", K=6, C=4, P=9, Q=9, R=3, S=3, stride_h=2, stride_w=2),
    ],
    ids=lambda x: x.name,
)  # fmt: skip
def test_shared_bounds_are_those_of_each_machine(layer, machine):
    # profiles take all fills as hidden, which is what the spaces of hardware build
    one = load_architecture(machine)
    for level in one.levels:
        one = one.with_level(level.name, hidden=True)
    faster = one.with_level("DRAM", shared_bits=7.0, read_pj=3.0)
    profile = profile_of(layer, one, "physical")
    from archgym.simulators.accelerator.optimal.exploring import root_bounds

    for other in (one, faster):
        search = Search(layer, other, "energy-delay", "physical", 0.0)
        c = search.choices
        roots = root_bounds(
            search.search, c.across, c.down, c.keep, search.forms, search.scratch, search.visits,
            search.reads,
        )[:, :2]  # fmt: skip
        pj, cycles, both = profile.least(other)
        fits = np.isfinite(roots).all(axis=1)
        assert pj <= roots[fits, 0].min() <= pj * (1 + 1e-2)
        # the first fill and the last drain are not shared; of small layers they are much
        assert cycles <= roots[fits, 1].min() <= cycles * (1 + 0.5)
        assert both <= roots[fits].prod(axis=1).min() <= both * (1 + 0.5)


def test_command_writes_resumes_and_checks(tiny, tmp_path, capsys):
    out = tmp_path / "front.json"
    words = ["accelerator", "front", str(tiny), "--output", str(out)]
    assert main([*words, "--rounds", "1"]) == 0
    assert "No design of the space, under any mapping" in capsys.readouterr().out
    first = json.loads(out.read_text())
    assert main([*words, "--gap", "0", "--rounds", "30"]) == 0
    last = json.loads(out.read_text())
    assert first["rounds"] == 1 < last["rounds"]
    assert last["gap"] <= first["gap"]
    assert last["proofs"]
    capsys.readouterr()
    assert main([*words, "--check", str(out)]) == 0
    assert "FAILS" not in capsys.readouterr().out


def test_lent_mappings_are_the_best_of_those_known_where_they_fit(tiny):
    space = Space.of(archgym.load_scenario(str(tiny)))
    boxes = Boxes(space, corners_of(space))
    own, _ = work_on(boxes, Task(0))
    lent = lend(boxes, own, 0.0)
    shape, clock, fastest = boxes.corners.shape, boxes.corners.clock, boxes.corners.fastest
    same = set(np.flatnonzero((shape == shape[0]) & (fastest == np.arange(len(shape)))).tolist())
    assert {p.at for p in lent} == same and 1 < len(same) < sum(shape == shape[0]) < len(shape)
    for at in same:
        machine = space.machine(int(boxes.corners.ranks[at]))
        costs = [
            [evaluate_mapping(layer, machine, p.mappings[k]) for p in own]
            for k, layer in enumerate(space.layers)
        ]
        sums = np.array(
            [
                sum(n * np.array([c.energy_pj, c.cycles]) for n, c in zip(space.counts, some))
                for some in itertools.product(*costs)
                if all(isinstance(c, Cost) for c in some)
            ]
        ) * [1e-12, 1 / clock[at]]  # fmt: skip
        found = np.array([p.metrics[:2] for p in lent if p.at == at])
        lower = boxes.lower[at, :2]
        nearest = (sums / lower).max(axis=1).min()
        assert (found / lower).max(axis=1).min() == pytest.approx(nearest, rel=1e-12)
        assert found.prod(axis=1).min() == pytest.approx(sums.prod(axis=1).min(), rel=1e-12)
        assert all(np.isclose(sums, x, rtol=1e-12, atol=0).all(axis=1).any() for x in found)
    boxes.add(own + lent)
    worst = boxes.gap.max()
    assert not lend(boxes, own, worst)


def test_a_bound_by_room_holds_for_designs_with_no_more_of_it(tiny):
    space = Space.of(archgym.load_scenario(str(tiny)))
    boxes = Boxes(space, corners_of(space))
    room, roots = boxes.corners.room, boxes.corners.least[:, 0, ENERGY]
    assert len(np.unique(room, axis=0)) > 1
    for at in range(len(room)):
        boxes.least[:] = boxes.corners.least
        boxes.raise_where_room(at, 0, 7.0)
        for other in range(len(room)):
            less = all(room[other] <= room[at])
            assert boxes.least[other, 0, ENERGY] == roots[other] + 7.0 * less


def test_designs_that_are_others_but_slower_are_left_to_the_faster(tiny):
    space = Space.of(archgym.load_scenario(str(tiny)))
    boxes = Boxes(space, corners_of(space))
    decoded = [
        space.scenario.space.decode(space.scenario.space.unrank(np.array([rank])))[0]
        for rank in boxes.corners.ranks
    ]
    for at, design in enumerate(decoded):
        faster = decoded.index({**design, "glb_bandwidth": 512})
        assert boxes.corners.fastest[at] == faster
        # what no mapping of the faster costs less than, none of the slower does
        boxes.raise_to(faster, 0, CYCLES, 1e6)
        assert boxes.least[at, 0, CYCLES] == 1e6
        boxes.least[:] = boxes.corners.least
    tasks = widest(boxes, Progress.new(boxes))
    assert {decoded[task.at]["glb_bandwidth"] for task in tasks} == {512}


def test_slower_means_no_bandwidth_is_more():
    same = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
    waits = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [2.0, 2.0], [1.0, 2.0]])
    fastest = _fastest(same, waits)
    assert fastest[[0, 1, 3, 4]].tolist() == [0, 1, 3, 0] and fastest[2] in (0, 1)


def test_what_is_interrupted_goes_on_with_the_same_options(tiny, tmp_path, capsys, monkeypatch):
    """A search that is interrupted after two rounds, and one that is not."""
    whole, cut = tmp_path / "whole.json", tmp_path / "it is cut.json"
    words = ["accelerator", "front", str(tiny), "--gap", "0", "--rounds", "5", "--threads", "1"]
    assert main([*words, "--output", str(whole)]) == 0

    def stopping(boxes, progress, *, go_on, **more):
        def asked():
            if progress.rounds == 2 and go_on():
                raise KeyboardInterrupt
            return go_on()

        close(boxes, progress, go_on=asked, **more)

    capsys.readouterr()
    monkeypatch.setattr(command, "SAVING", 1e9)  # after every round
    with monkeypatch.context() as patch:
        patch.setattr(command, "close", stopping)
        assert main([*words, "--output", str(cut)]) != 0
    said = capsys.readouterr().err
    line = next(x for x in said.splitlines() if "accelerator front" in x)
    again = shlex.split(line[line.index("archgym accelerator") :])[1:]
    for option, value in (
        ("--gap", "0.0"),
        ("--rounds", "5"),
        ("--threads", "1"),
        ("--time", "600.0"),
    ):
        assert again[again.index(option) + 1] == value
    again[again.index("--rounds") + 1] = "3"  # of five two were done
    assert main(again) == 0
    first, second = (json.loads(p.read_text()) for p in (whole, cut))
    for part in ("rounds", "gap", "front", "staircase", "proofs", "mapped", "certified"):
        assert first[part] == second[part], part


def test_nothing_mapped_is_no_gap(tiny, tmp_path, capsys):
    out = tmp_path / "new" / "front.json"
    words = ["accelerator", "front", str(tiny), "--output", str(out)]
    assert main([*words, "--time", "1e-9"]) == 0
    assert "Nothing is mapped yet" in capsys.readouterr().out
    assert json.loads(out.read_text())["gap"] is None
    assert main([*words, "--check", str(out)]) == 0


def test_wrong_certificates_fail(tiny, tmp_path, capsys):
    out = tmp_path / "front.json"
    words = ["accelerator", "front", str(tiny), "--output", str(out)]
    main([*words, "--gap", "0", "--rounds", "8"])
    right = out.read_text()

    def verdicts(change):
        document = json.loads(right)
        del document["digest"]
        change(document)
        out.write_text(json.dumps(document))
        capsys.readouterr()
        assert main([*words, "--check", str(out), "--sample", "3", "--json"]) == 1
        return [row[2] for row in json.loads(capsys.readouterr().out)["rows"]]

    def wrong_metric(document):
        document["front"][0]["metrics"]["energy"] *= 0.9

    def wrong_gap(document):
        document["gap"] /= 2

    def wrong_staircase(document):
        document["staircase"][0][1] *= 1.1

    def wrong_proof(document):
        document["proofs"] = document["proofs"][:1]
        document["proofs"][0][4] *= 1.2

    assert verdicts(wrong_metric)[0] == "FAILS"
    assert verdicts(wrong_staircase)[1] == "FAILS"
    assert verdicts(wrong_gap)[2] == "FAILS"
    assert verdicts(wrong_proof)[4] == "FAILS"
    out.write_text(right.replace("mapped", "maqped", 1))
    with pytest.raises(StoreError, match="damaged"):
        check(Space.of(archgym.load_scenario(str(tiny))), out, 1)


def test_what_cannot_be_certified_is_refused(tiny, tmp_path, capsys):
    text = tiny.read_text()
    tiny.write_text(text + "specs:\n  energy: <= 1 uJ\n")
    with pytest.raises(ArchgymError, match="specs on energy; only area"):
        Space.of(archgym.load_scenario(str(tiny)))
    with pytest.raises(ArchgymError, match="'dram'"):
        Space.of(archgym.load_scenario("dram/stream-joint"))
    tiny.write_text(text)
    assert main(["accelerator", "front", str(tiny), "--gap", "-1", "--rounds", "0"]) != 0
    said = capsys.readouterr().err
    assert "--gap" in said and "--rounds" in said
    with pytest.raises(StoreError, match="does not exist"):
        check(Space.of(archgym.load_scenario(str(tiny))), tmp_path / "none.json", 1)
    wrong = tmp_path / "no.json"
    wrong.write_text("{}")
    with pytest.raises(StoreError, match="lacks"):
        check(Space.of(archgym.load_scenario(str(tiny))), wrong, 1)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_certificates_that_ship_are_of_their_scenarios_and_their_points_cost_what_they_say(path):
    document = json.loads(path.read_text())
    assert not damaged(document)
    space = Space.of(archgym.load_scenario(document["scenario"]))
    assert {k: document[k] for k in identity(space)} == identity(space)
    corners = np.array([row[1:] for row in document["staircase"]])
    assert len(pareto_front(corners)) == len(corners)
    points = np.array([[p["metrics"][x] for x in document["axes"]] for p in document["front"]])
    assert len(pareto_front(points)) == len(points)
    # every corner has a point within the gap, and no point is below all corners
    worst = (points[None] / corners[:, None]).max(axis=2).min(axis=1) - 1
    assert worst.max() <= document["gap"] * (1 + 1e-9)
    assert all((corners <= point * (1 + 1e-9)).all(axis=1).any() for point in points)
    for entry in document["front"][:: max(1, len(points) // 3)]:
        machine = space.machine(entry["rank"])
        pj, cycles = 0.0, 0.0
        for layer, count, line in zip(space.layers, space.counts, entry["mappings"]):
            cost = evaluate_mapping(layer, machine, read_mapping(line), reuse=space.reuse)
            pj, cycles = pj + count * cost.energy_pj, cycles + count * cost.cycles
        assert pj * 1e-12 == pytest.approx(entry["metrics"]["energy"], rel=1e-12)
        assert cycles / machine.clock_hz == pytest.approx(entry["metrics"]["latency"], rel=1e-12)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_no_mapped_design_is_below_a_staircase_that_ships(path):
    """Designs drawn at random, mapped for something drawn at random, with more effort or less."""
    document = json.loads(path.read_text())
    space = Space.of(archgym.load_scenario(document["scenario"]))
    corners = np.array([row[1:] for row in document["staircase"]]) * (1 - 1e-9)
    rng = np.random.default_rng(0)
    for rank in rng.integers(space.scenario.space.cardinality, size=12).tolist():
        machine = space.machine(rank)
        pj, cycles, found = 0.0, 0.0, True
        for layer, count in zip(space.layers, space.counts):
            goal, effort = (
                rng.choice(["energy", "delay", "energy-delay"]),
                int(rng.integers(1, 400)),
            )
            mapping = find_mapping(layer, machine, objective=str(goal), effort=effort)
            cut = inside(space.reuse, layer, machine, mapping.mapping) if mapping else []
            found = found and bool(cut)
            for _, e, t in cut:
                pj, cycles = pj + count * e, cycles + count * t
        point = np.array([pj * 1e-12, cycles / machine.clock_hz, machine.area_um2 * 1e-12])
        assert not found or (corners <= point).all(axis=1).any()
