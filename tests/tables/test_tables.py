import errno
import fcntl
import json

import numpy as np
import pytest

from archgym import DesignSpace, Evaluation, categorical, ordinal
from archgym.answers.evaluator import make_evaluator
from archgym.answers.table import TableAnswers
from archgym.errors import ArchgymError, DesignError, StoreError
from archgym.goals.scenario_file import from_document, load_scenario
from archgym.space import Constraint
from archgym.tables import build as building
from archgym.tables.build import build
from archgym.tables.coverage import Coverage, covering, folder_name
from archgym.tables.table import Table
from tests.conftest import ToySimulator


def whole(space):
    return np.concatenate(list(space.grid()))


def same(a, b):
    assert (a.feasible == b.feasible).all()
    for name in a.metrics:
        assert np.array_equal(a.metrics[name], b.metrics[name], equal_nan=True), name
    assert [a.reason(i) for i in range(len(a))] == [b.reason(i) for i in range(len(b))]


def test_a_table_answers_what_the_simulator_answers(tmp_path, toy):
    table = build(toy, {}, tmp_path / "t")
    x = whole(toy.space)
    same(TableAnswers(toy, table)(x), toy.evaluate(x))
    again = Table.load(tmp_path / "t", toy.space, check=True)
    same(TableAnswers(toy, again)(x[::-1]), toy.evaluate(x[::-1]))
    calls = toy.calls
    build(toy, {}, tmp_path / "t")
    assert toy.calls == calls, "a finished table is read, not built again"


def test_a_table_keeps_a_simulators_contract(tmp_path):
    toy = ToySimulator()
    answers = TableAnswers(toy, build(toy, {}, tmp_path / "t"))
    x = toy.space.sample(50, np.random.default_rng(0))
    whole_batch = answers(x)
    for i in range(len(x)):
        same(answers(x[i : i + 1]), whole_batch.take([i]))
    assert len(answers(x[:0])) == 0
    with pytest.raises(DesignError):
        answers(x[:, :-1])


class Constrained(ToySimulator):
    name = "constrained"
    space = DesignSpace(
        ToySimulator.space.parameters,
        (Constraint("few-ways", lambda c: c["ways"] <= c["size"], "a way holds at least a line"),),
    )


def test_designs_that_break_a_constraint_are_in_the_table_with_their_reason(tmp_path):
    toy = Constrained()
    x = toy.space.unrank(np.arange(toy.space.cardinality))
    table = build(toy, {}, tmp_path / "t")
    answer = TableAnswers(toy, table)(x)
    same(answer, toy.evaluate(x))
    valid = toy.space.is_valid(x)
    assert table.evaluated <= valid.sum() + 1  # one answers for all that break a constraint
    assert not answer.feasible.all() and any("few-ways" in answer.reason(i) for i in range(len(x)))


def test_part_of_a_space_is_covered_and_the_rest_refused(tmp_path, toy):
    parameters = {"size": [4, 64], "policy": ["random"]}
    table = build(toy, parameters, tmp_path / "t")
    answers = TableAnswers(toy, table)
    assert len(table) == 2 * 4 * 1
    x = toy.space.encode([{"size": 64, "ways": w, "policy": "random"} for w in (8, 1)])
    same(answers(x), toy.evaluate(x))
    with pytest.raises(DesignError, match="covers"):
        answers(toy.space.encode({"size": 2, "ways": 1, "policy": "random"}))
    with pytest.raises(DesignError, match="'ways'"):
        answers(np.array([[2, 9, 2]]))
    with pytest.raises(DesignError, match="shape"):
        answers(np.zeros((3, 2), int))


def test_coverage_counts_as_the_space_does():
    space = ToySimulator.space
    coverage = Coverage(space, {"ways": [2, 8]})
    ranks = np.arange(coverage.space.cardinality)
    x = coverage.designs(ranks)
    assert (coverage.ranks(x) == ranks).all()
    assert coverage.ranks(space.encode([{"size": 1, "ways": 1, "policy": "lru"}]))[0] < 0
    marked = np.zeros(int(space.nvec.sum()), bool)
    marked[[0, 3, 8, 9, 13]] = True  # sizes 1 and 8; ways 1 (not covered) and 2; policy fifo
    members = coverage.designs(np.sort(coverage.box(marked)))
    assert members.tolist() == [[0, 1, 1], [3, 1, 1]]


class Alike(ToySimulator):
    """Knows that the policy of a direct-mapped cache does not matter."""

    name = "alike"

    def _evaluate(self, x):
        x = np.where((x[:, 1] == 0)[:, None], x * [1, 1, 0], x)
        return super()._evaluate(x)

    def evaluate_alike(self, x):
        marked = np.zeros((len(x), int(self.space.nvec.sum())), bool)
        start = np.concatenate([[0], np.cumsum(self.space.nvec)[:-1]])
        marked[np.arange(len(x))[:, None], x + start] = True
        marked[x[:, 1] == 0, start[2] :] = True
        return self.evaluate(x), marked


def test_designs_known_to_be_alike_are_evaluated_once(tmp_path, monkeypatch):
    for name in ("_FIRST_BLOCK", "_LARGEST_BLOCK"):
        monkeypatch.setattr(building, name, 1)
    toy = Alike()
    table = build(toy, {}, tmp_path / "t")
    assert table.evaluated == 8 * 3 * 3 + 8, "one of three policies where there is one way"
    x = whole(toy.space)
    same(TableAnswers(toy, table)(x), toy.evaluate(x))


def test_an_interrupted_build_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_FIRST_BLOCK", 10)
    monkeypatch.setattr(building, "_LARGEST_BLOCK", 10)

    class Dies(ToySimulator):
        left = 4

        def evaluate_alike(self, x):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            return super().evaluate_alike(x)

    first = Dies()
    with pytest.raises(KeyboardInterrupt):
        build(first, {}, tmp_path / "t")
    second = ToySimulator()
    table = build(second, {}, tmp_path / "t")
    assert first.calls + second.calls == table.evaluated == second.space.cardinality
    x = whole(second.space)
    same(TableAnswers(second, table)(x), second.evaluate(x))


def test_a_damaged_block_is_evaluated_again(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_FIRST_BLOCK", 10)
    monkeypatch.setattr(building, "_LARGEST_BLOCK", 10)

    class Stops(ToySimulator):
        def evaluate_alike(self, x):
            if self.calls >= 40:
                raise KeyboardInterrupt
            return super().evaluate_alike(x)

    with pytest.raises(KeyboardInterrupt):
        build(Stops(), {}, tmp_path / "t")
    block = sorted((tmp_path / "t" / "blocks").glob("*.npz"))[1]
    block.write_bytes(block.read_bytes()[:200])
    toy = ToySimulator()
    table = build(toy, {}, tmp_path / "t")
    assert toy.calls == toy.space.cardinality - 30
    same(TableAnswers(toy, table)(whole(toy.space)), toy.evaluate(whole(toy.space)))


def test_a_full_disk_keeps_what_is_there(tmp_path, monkeypatch, toy):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(StoreError, match=r"No space left.*again"):
        build(toy, {}, tmp_path / "t")
    monkeypatch.undo()
    assert len(build(toy, {}, tmp_path / "t")) == toy.space.cardinality


def test_two_builds_do_not_meet(tmp_path, toy):
    (tmp_path / "t").mkdir()
    with open(tmp_path / "t" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process"):
            build(toy, {}, tmp_path / "t")


def test_a_damaged_or_foreign_table_is_refused(tmp_path, toy):
    build(toy, {}, tmp_path / "t")
    with pytest.raises(ArchgymError, match="archgym enumerate"):
        TableAnswers(ToySimulator(gain=2.0), Table.load(tmp_path / "t", toy.space))
    values = tmp_path / "t" / "values.npy"
    kept = values.read_bytes()
    values.write_bytes(kept[:-8] + b"\0" * 8)
    with pytest.raises(StoreError, match="digest"):
        Table.load(tmp_path / "t", toy.space, check=True)
    values.write_bytes(kept[:40])
    with pytest.raises(StoreError, match="damaged"):
        Table.load(tmp_path / "t", toy.space)
    (tmp_path / "t" / "table.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        Table.load(tmp_path / "t", toy.space)


def test_a_space_too_large_is_refused(tmp_path):
    class Vast(ToySimulator):
        space = DesignSpace([ordinal(f"k{i}", tuple(range(10)), "knob") for i in range(12)])

    with pytest.raises(ArchgymError, match="268,435,456"):
        build(Vast(), {}, tmp_path / "t")


def test_a_table_answers_for_a_scenarios_simulator(tmp_path, toy, toy_document):
    folder = tmp_path / folder_name(toy, {})
    build(toy, {}, folder)
    toy_document["parameters"] = {"policy": ["lru", "fifo"]}  # a part of what the table covers
    scenario = from_document(toy_document)
    table = make_evaluator(scenario, f"table:{tmp_path}")
    assert covering(tmp_path, toy, scenario.parameters) == folder
    x = whole(scenario.space)
    assert np.array_equal(scenario.costs(table(x)), scenario.costs(scenario.evaluate(x)))
    assert table.exact and table.computed == 0 and table.charged == len(x)
    with pytest.raises(ArchgymError, match="archgym enumerate"):
        make_evaluator(scenario, f"table:{tmp_path / 'none'}")
    with pytest.raises(ArchgymError, match=r"unknown answer.*table"):
        make_evaluator(scenario, "tabel")


def test_dram_runs_that_felt_no_limit_say_so(tmp_path):
    """Enumeration of a real space by classes of like designs equals plain evaluation."""
    scenario = load_scenario("dram/bfs-10k-low-latency", "bfs@300")
    simulator = scenario.simulators[0]
    parameters = {
        "scheduler_buffer": ["Bankwise"],
        "page_policy": ["Open", "ClosedAdaptive"],
        "response_queue": ["Fifo"],
    }
    table = build(simulator, parameters, tmp_path / "t")
    assert table.evaluated < len(table) / 20
    coverage = Coverage(simulator.space, parameters)
    x = coverage.designs(np.random.default_rng(0).integers(0, len(table), 400))
    same(TableAnswers(simulator, table)(x), simulator.evaluate(x))


def test_reads_only_traces_have_more_designs_alike():
    scenario = load_scenario("dram/stream-joint", "stream@200")
    simulator = scenario.simulators[0]
    x = simulator.space.sample(60, np.random.default_rng(0))
    canonical = simulator.canonical(x)
    columns = simulator.space.columns(canonical)
    assert "FrFcfsGrp" not in columns["scheduler"] and "Shared" not in columns["scheduler_buffer"]
    same(simulator.evaluate(x), simulator.evaluate(canonical))


@pytest.mark.parametrize("workload", ["bfs@500", "xz@500", "json@500"])
def test_every_combination_of_marked_values_is_alike(workload):
    simulator = load_scenario("dram/bfs-low-latency", workload).simulators[0]
    rng = np.random.default_rng(1)
    x = simulator.space.sample(80, rng)
    e, marked = simulator.evaluate_alike(x)
    start = np.concatenate([[0], np.cumsum(simulator.space.nvec)[:-1]])
    moved = x.copy()
    for i in range(len(x)):
        for column, size in enumerate(simulator.space.nvec):
            values = np.flatnonzero(marked[i, start[column] : start[column] + size])
            assert x[i, column] in values
            moved[i, column] = rng.choice(values)
    assert (moved != x).any()
    same(simulator.evaluate(moved), e)


def test_a_stored_description_is_plain_json(tmp_path, toy):
    build(toy, {"ways": [1, 2]}, tmp_path / "t")
    description = json.loads((tmp_path / "t" / "table.json").read_text())
    assert description["key"] == toy.key and description["parameters"] == {"ways": [1, 2]}


def test_equal_rows_are_stored_once(tmp_path):
    class Flat(ToySimulator):
        space = DesignSpace((categorical("a", tuple(range(50)), "no effect"),))

        def _evaluate(self, x):
            one = np.ones(len(x))
            return Evaluation({"latency": one, "energy": one}, np.ones(len(x), bool))

    table = build(Flat(), {}, tmp_path / "t")
    assert table.values.shape == (1, 2) and table.index.dtype == np.uint8
