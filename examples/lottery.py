"""Play the hyperparameter lottery on a space whose optimum is known, from Python."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from archgym.goals.scenario_file import load_scenario
from archgym.report.results import Results
from archgym.report.tables import lotteries, ranking
from archgym.sweeps.driver import SweepFolder, carry_out
from archgym.sweeps.engine import make_engine
from archgym.sweeps.plan import from_sweep_document
from archgym.tables import certificate as certificates
from archgym.tables.build import build


def main(folder: Path) -> None:
    scenario = load_scenario("soc/audio-coarse")
    tables = folder / "tables"
    (simulator,) = scenario.simulators
    table = build(simulator, scenario.parameters, tables / "audio")
    certificate = certificates.certify(scenario, (table,))
    certificates.save(certificate, tables / certificates.file_name(scenario))
    print(f"{len(table):,} designs, {certificate['satisfied']} meet the specs")

    sweep = from_sweep_document(
        {
            "name": "audio",
            "answers": f"table:{tables}",
            "scenarios": ["soc/audio-coarse"],
            "budget": 400,
            "checkpoints": [100, 400],
            "agents": [
                {"agent": "genetic_algorithm", "draw": 12},
                {"agent": "hill_climbing", "draw": 6},
                {"agent": "random_walk", "seeds": 6},
            ],
            "test": {"seeds": 5},
        }
    )
    runs = SweepFolder.create(folder / "sweep", sweep)
    carry_out(runs, sweep, make_engine("local", workers=2, timeout=60))

    results = Results(runs.path, tables)
    shown = ["agent", "evaluations", "median gap", "worst gap", "P(within 1 %)"]
    print(lotteries(results)[shown].to_string(index=False))
    print(
        ranking(results)[
            ["agent", "evaluations", "IQM gap", "IQM gap low", "IQM gap high"]
        ].to_string(index=False)
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(Path(name))
