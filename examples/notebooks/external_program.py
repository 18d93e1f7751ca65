# %% [markdown]
# # External programs
#
# Any program that reads knobs and prints figures becomes a simulator through a YAML file. Here a small script
# stands for it.

# %%
import sys
import tempfile
from pathlib import Path

from archgym.simulators import SubprocessSimulator

import archgym

folder = Path(tempfile.mkdtemp())
(folder / "model.py").write_text(
    """
import sys
servers, speed = int(sys.argv[1]), float(sys.argv[2])
load = 3.0 / (servers * speed)
if load >= 1:
    sys.exit("queue overflows")
print(f"wait: {1 + load / (1 - load):.4f} us")
print(f"power: {servers * speed ** 2 * 10:.1f} mW")
"""
)
program = folder / "queue.yaml"
program.write_text(
    f"""
name: queue
version: "1"
command: [{sys.executable}, model.py, "${{servers}}", "${{speed}}"]
files: [model.py]
parameters:
  - {{name: servers, values: [1, 2, 3, 4, 6, 8]}}
  - {{name: speed, values: [0.5, 1.0, 1.5, 2.0], unit: GHz}}
metrics:
  - {{name: wait, unit: s, pattern: 'wait: (\\S+) us', as: us}}
  - {{name: power, unit: W, pattern: 'power: (\\S+) mW', as: mW}}
infeasible: queue overflows
"""
)

# %% [markdown]
# ## Evaluate every design
#
# The space has 24 designs, so we can.

# %%
simulator = SubprocessSimulator("default", program=str(program))
x = simulator.space.encode(
    [{"servers": n, "speed": f} for n in (1, 2, 3, 4, 6, 8) for f in (0.5, 1.0, 1.5, 2.0)]
)
evaluation = simulator.evaluate(x)
print(f"{evaluation.feasible.sum()} of {len(x)} designs work")
print(f"an infeasible one: {evaluation.reason(0)!r}")

# %% [markdown]
# ## Search with a spec
#
# A scenario adds what is wanted. The least waiting time within 60 mW:

# %%
scenario_file = folder / "fast.yaml"
scenario_file.write_text(
    """
name: fast
simulator: subprocess
workload: default
config: {program: queue.yaml}
objectives: [wait]
specs: {power: <= 60 mW}
reference: {servers: 4, speed: 1.0}
budget: 20
"""
)
scenario = archgym.load_scenario(str(scenario_file))
trials = archgym.Study(scenario, "hill_climbing", seed=1).run()
best = trials.evaluation.row(trials.best)
print(scenario.space.decode(trials.x[trials.best : trials.best + 1])[0])
print(f"{best['wait'] * 1e6:.3f} µs, {best['power'] * 1e3:.0f} mW")

# %%
allowed = evaluation.feasible & (evaluation.metrics["power"] <= 60e-3)
assert best["wait"] == evaluation.metrics["wait"][allowed].min()
