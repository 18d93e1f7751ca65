"""One good file of every format, and what its readers do with it."""

import json
import math
import shutil
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from archgym import load_scenario
from archgym.cli import main, new
from archgym.cli.evaluate import read_designs
from archgym.datasets.foreign import import_table
from archgym.datasets.reader import Dataset
from archgym.documents import read_json
from archgym.proxies.rows import Rows
from archgym.proxies.training import train
from archgym.report import leaderboard
from archgym.runs.run_folder import RunFolder
from archgym.space import DesignSpace, Parameter
from archgym.sweeps.plan import load_sweep
from archgym.tables.build import build
from archgym.tables.certificate import Certificate, certify, save
from archgym.tables.description import read_description
from archgym.tables.table import Table
from tests.conftest import ROOT

from . import mutating

SCENARIOS = ROOT / "scenarios"
RUN = ("--budget", "20", "--agent", "random_walk", "--no-plots")


def finite(*numbers):
    for number in numbers:
        assert type(number) is not bool and math.isfinite(number), number


def read_scenario(path):
    scenario = load_scenario(path)
    x = scenario.space.sample(8, np.random.default_rng(0))
    costs = scenario.costs(scenario.evaluate(x))
    assert not np.isnan(costs).any() and scenario.budget >= 1 and scenario.rho >= 0
    for o in scenario.resolved[0]:
        finite(*(v for v in (o.weight, o.reference, o.target) if v is not None))


def read_sweep(path):
    sweep = load_sweep(path)
    for run in islice(sweep.runs(), 50):
        finite(run.seed, run.budget)
        assert run.budget >= 1 and run.seed >= 0
    assert sweep.timeout is None or sweep.timeout > 0


def read_program(path):
    from archgym.simulators.external.program import load_program

    program = load_program(path)
    assert program.readings and len(program.space) and program.timeout_s > 0
    assert isinstance(program.retries, int) and program.retries >= 0
    finite(program.timeout_s)


def read_architecture(path):
    from archgym.simulators.accelerator.machines import load_architecture

    machine = load_architecture(path)
    finite(machine.clock_hz, machine.mac_pj, machine.area_um2, *machine.bits)
    assert machine.clock_hz > 0 and min(machine.bits) >= 1


def read_run(path):
    RunFolder.open(path.parent).scenario()


def read_result(path):
    result = RunFolder.open(path.parent).result()
    assert 0 <= result["satisfied"] <= result["feasible"] <= result["charged"]
    if result["best"] is not None:
        finite(*result["best"]["metrics"].values(), result["best"]["cost"])
    RunFolder.open(path.parent).best_design()


def read_proxy(path):
    from archgym.proxies.proxy import Proxy

    proxy = Proxy.load(path.parent)
    proxy.predict(proxy.description.space.sample(4, np.random.default_rng(0)), proxy.workloads[0])


def read_table(path):
    described = read_description(path.parent)["fingerprint"]["space"]
    space = DesignSpace([Parameter(n, tuple(v)) for n, v in described])
    table = Table.load(path.parent, space, check=True)
    values = table.values[table.index]
    assert len(values) == table.space.cardinality and len(table.metrics) == values.shape[1]
    assert np.isfinite(values[table.feasible[table.index]]).all()
    table.rows()


def read_certificate(path):
    found = Certificate.of(read_json(path), str(path))
    costs = found.quantile(np.linspace(0, 1, 11))
    assert (np.diff(costs[np.isfinite(costs)]) >= 0).all() and not np.isnan(found.optimum)
    finite(*found.random_within.values())


def read_leaderboard(path):
    for row in leaderboard.read(path):
        finite(row["gap"], row["evaluations"], row["seeds"])
        assert len(row["manifest"]["seeds"]) == len(row["manifest"]["best_costs"]) == row["seeds"]


def read_dataset(path):
    data = Dataset(path)
    x, feasible = data.x, data.feasible
    data.description.space.check(x)
    for metric in data.description.metrics:
        assert isinstance(metric.name, str) and isinstance(metric.unit, str)
        assert (np.isfinite(data.metric(metric.name)) == feasible).all()
    data.frame()


def read_dataset_sidecar(path):
    read_dataset(path.with_name(path.name.removesuffix(".json")))


def read_designs_of(space, path):
    space.check(space.encode(read_designs(path)))


def read_foreign(path):
    out = path.with_name("imported.parquet")
    rows, _ = import_table([path], out, {"delay": "s", "power": "W"})
    data = Dataset(out)
    assert rows == len(data) and np.isfinite(data.metric("delay")[data.feasible]).all()


def read_packed_netlist(path):
    from archgym.simulators.ffet.netlist import read_netlist

    netlist = read_netlist(path)
    assert netlist.nets < 10**9 and len(netlist.port_names) == len(netlist.port_net)


def _board(path, scenario):
    row = {
        "scenario": "goal", "evaluations": 20, "agent": "random_walk", "gap": 0.1, "gap_low": 0.0,
        "gap_high": 0.2, "seeds": 2, "phase": "test", "certified": True,
        "manifest": {
            "sweep": "many", "panel": "main", "scenario": scenario.document, "from_reference": True,
            "goal": "abc", "simulators": [s.key for s in scenario.simulators], "agent": "random_walk",
            "hyperparameters": {}, "budget": 20, "seeds": [0, 1], "best_costs": [0.5, 0.75],
            "runs": ["a", "b"], "versions": {"archgym": "0"},
        },
    }  # fmt: skip
    leaderboard.write([row, row], path)


def make(root: Path):
    """By format: a good file, what changes it, what reads it; all made below ``root``."""
    import pyarrow.parquet as pq

    for kind, name, simulator in (
        ("simulator", "tiny", ""), ("program", "tool", ""), ("sweep", "many", ""),
        ("scenario", "goal", f"{root / 'tiny.py'}:Tiny"),
    ):  # fmt: skip
        for path, content in new.files_of(kind, name, root, simulator).items():
            path.write_text(content, encoding="utf-8")
    sweep = (root / "many.yaml").read_text().replace("dram/stream-low-power", "goal.yaml")
    (root / "many.yaml").write_text(sweep)
    goal, run = str(root / "goal.yaml"), root / "run"
    data = root / "data.parquet"
    for arguments in (
        ["run", goal, *RUN, "--output", str(run)],
        ["export", str(run), "--to", str(data)],
    ):
        assert main(arguments) == 0, arguments
    scenario = load_scenario(goal)
    table = build(scenario.simulators[0], {}, root / "table")
    save(certify(scenario, (table,)), root / "certificate.json")
    train(Rows.of(Dataset(data)), "ridge").save(root / "proxy")
    _board(root / "board.json", scenario)
    space = scenario.space
    rows = space.decode(space.sample(6, np.random.default_rng(1)))
    lines = [",".join(space.names), *(",".join(map(str, r.values())) for r in rows)]
    (root / "designs.csv").write_text("\n".join(lines) + "\n")
    (root / "designs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    lines = [f"{2 ** (i % 4)},{'ab'[i % 2]},{1e-9 * (i + 1)},{0.5 + i}" for i in range(12)]
    (root / "foreign.csv").write_text("\n".join(["size,kind,delay,power", *lines]) + "\n")
    shutil.copy(SCENARIOS / "accelerator/architectures/eyeriss.yaml", root / "machine.yaml")
    shutil.copy(SCENARIOS / "ffet/mac16.npz", root / "netlist.npz")
    plain = pq.read_table(data).replace_schema_metadata(None)
    pq.write_table(plain, root / "plain.parquet")  # as another tool rewrites it
    shutil.copy(root / "data.parquet.json", root / "plain.parquet.json")
    arrays = next((root / "proxy").glob("*.npz"))
    designs = partial(read_designs_of, space)
    found = {
        "scenario": ("goal.yaml", mutating.text, read_scenario),
        "sweep": ("many.yaml", mutating.text, read_sweep),
        "program": ("tool.yaml", mutating.text, read_program),
        "architecture": ("machine.yaml", mutating.text, read_architecture),
        "manifest": ("run/manifest.json", mutating.document, read_run),
        "result": ("run/result.json", mutating.document, read_result),
        "proxy": ("proxy/proxy.json", mutating.document, read_proxy),
        "proxy arrays": (f"proxy/{arrays.name}", mutating.data, read_proxy),
        "table": ("table/table.json", mutating.document, read_table),
        "table index": ("table/index.npy", mutating.data, read_table),
        "table values": ("table/values.npy", mutating.data, read_table),
        "table feasible": ("table/feasible.npy", mutating.data, read_table),
        "certificate": ("certificate.json", mutating.document, read_certificate),
        "leaderboard": ("board.json", mutating.document, read_leaderboard),
        "data set": ("data.parquet", mutating.data, read_dataset),
        "sidecar": ("plain.parquet.json", mutating.document, read_dataset_sidecar),
        "designs csv": ("designs.csv", mutating.text, designs),
        "designs jsonl": ("designs.jsonl", mutating.text, designs),
        "foreign csv": ("foreign.csv", mutating.text, read_foreign),
        "netlist": ("netlist.npz", mutating.data, read_packed_netlist),
    }
    return {k: (root / path, change, read) for k, (path, change, read) in found.items()}
