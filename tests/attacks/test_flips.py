"""One bit flipped in every file that archgym reads numbers from: what was written, or an error."""

import json

import numpy as np
import pytest

from archgym.cli import main
from archgym.errors import StoreError
from archgym.goals.scenario_file import from_document
from archgym.runs.run_folder import RunFolder
from archgym.runs.summary import read_trials
from archgym.tables import certificate as certificates
from archgym.tables.build import build
from archgym.tables.certificate import certify
from archgym.tables.table import Table
from tests.attacks.test_damage import FLIPS, survives


@FLIPS
@pytest.mark.parametrize("name", ["result.json", "trials.csv"])
def test_flips_in_what_a_run_found(toy_run, flips, name):
    folder = RunFolder.open(toy_run)
    scenario = folder.scenario()

    def read():
        metrics, met = read_trials(toy_run, scenario)
        shown = {k: str(v.tolist()) for k, v in metrics.items()}  # NaN is not equal to itself
        return folder.result(), shown, met.tolist()

    assert survives(toy_run / name, read, flips)["wrong"] == 0


@FLIPS
@pytest.mark.parametrize("name", ["table.json", "values.npy", "index.npy", "feasible.npy"])
def test_flips_in_a_table(toy, tmp_path, flips, name):
    build(toy, {}, tmp_path / "t")

    def read():
        t = Table.load(tmp_path / "t", toy.space)
        return (
            t.index.tolist(), str(t.values.tolist()), t.feasible.tolist(), t.metrics, t.reasons,
            t.parameters, t.evaluated, t.key, len(t),
        )  # fmt: skip

    assert survives(tmp_path / "t" / name, read, flips)["wrong"] == 0


@FLIPS
def test_flips_in_a_certificate(toy_document, tmp_path, flips):
    scenario = from_document(toy_document)
    table = build(scenario.simulators[0], {}, tmp_path / "t")
    path = tmp_path / certificates.file_name(scenario)
    certificates.save(certify(scenario, (table,)), path)

    def read():
        found = certificates.find(scenario, tmp_path)
        if found is None:  # of another goal now: nobody uses it
            raise StoreError("no certificate")
        return json.dumps(dict(found.facts), sort_keys=True)

    assert survives(path, read, flips)["wrong"] == 0


@FLIPS
def test_flips_in_a_data_set(toy_run, tmp_path, flips, capsys):
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    from archgym.datasets.reader import Dataset

    path = tmp_path / "d.parquet"
    assert main(["export", str(toy_run), "--to", str(path)]) == 0

    def read():
        data = Dataset(path)
        names = [m.name for m in data.description.metrics]
        values = {n: data.metric(n).tolist() for n in names}
        return data.x.tolist(), str(values), data.feasible.tolist(), data.description.to_bytes()

    assert survives(path, read, flips)["wrong"] == 0


def test_a_data_page_that_calls_itself_another_kind(toy_run, tmp_path, capsys):
    """Its header is under no checksum; pyarrow then reads a column without rows."""
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    from archgym.datasets.reader import Dataset

    path = tmp_path / "d.parquet"
    assert main(["export", str(toy_run), "--to", str(path)]) == 0
    data, kinds = path.read_bytes(), 0
    start = data.find(bytes([0x15, 0x00, 0x15]))  # a data page: field 1, type 0, then its size
    while start >= 0:
        path.write_bytes(data[: start + 1] + bytes([0x02]) + data[start + 2 :])  # an index page
        kinds += 1
        for name in [m.name for m in Dataset(path).description.metrics]:
            try:
                assert len(Dataset(path).metric(name)) == 30
            except StoreError:
                continue
        start = data.find(bytes([0x15, 0x00, 0x15]), start + 1)
    assert kinds > 3


@FLIPS
def test_flips_in_a_sweeps_trials(toy_document, tmp_path, flips):
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    from archgym.search.study import Study
    from archgym.sweeps.plan import from_sweep_document
    from archgym.sweeps.trials_file import read_trials, trials_bytes

    document = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"], "budget": 20}
    spec = next(iter(from_sweep_document(document).runs()))
    scenario = from_document(toy_document)
    trials = Study(scenario, "random_walk", budget=20).run()
    path = tmp_path / "t.parquet"
    path.write_bytes(trials_bytes(spec, scenario, trials))

    def read():
        x, e = read_trials(path, scenario)
        return x.tolist(), str({k: v.tolist() for k, v in e.metrics.items()}), e.feasible.tolist()

    assert survives(path, read, flips)["wrong"] == 0


@FLIPS
@pytest.mark.parametrize("part", ["proxy.json", "arrays"])
def test_flips_in_a_proxy(toy_run, tmp_path, flips, part, capsys):
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    from archgym.proxies.proxy import Proxy

    assert main(["export", str(toy_run), "--to", str(tmp_path / "d.parquet")]) == 0
    words = ["train", str(tmp_path / "d.parquet"), "--model", "ridge", "--json", "--output"]
    assert main([*words, str(tmp_path / "p")]) == 0, capsys.readouterr().err
    path = next(p for p in (tmp_path / "p").iterdir() if p.name.startswith(part))

    def read():
        proxy = Proxy.load(tmp_path / "p")
        return proxy.digest

    assert survives(path, read, flips)["wrong"] == 0


@FLIPS
def test_flips_in_a_packed_trace(tmp_path, flips):
    from archgym.simulators.dram.traces.packed import read_packed, write_packed
    from archgym.simulators.dram.traces.trace import Trace

    n, path, rng = 200, tmp_path / "t.npz", np.random.default_rng(0)
    stamp, write, address = np.arange(n) * 3, rng.integers(0, 2, n), rng.integers(0, 2**20, n) * 64
    write_packed(Trace("t", stamp, write.astype(np.uint8), address), path)
    assert survives(path, lambda: read_packed(path).content_hash, flips)["wrong"] == 0
