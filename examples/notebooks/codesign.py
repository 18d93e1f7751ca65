# %% [markdown]
# # Networks with accelerators
#
# One design is a network for each task, and the sub-accelerators that run them. We search both together, on
# the scenario whose accuracies were really measured.

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym

scenario = archgym.load_scenario("codesign/measured-joint")
print(scenario.description)

# %%
trials = archgym.Study(scenario, "genetic_algorithm", budget=300, seed=1).run()
best = trials.evaluation.row(trials.best)
for name, value in best.items():
    unit = next(m.unit for m in scenario.simulators[0].metrics if m.name == name)
    print(f"{name:<14} {value:.4g} {unit}")

# %% [markdown]
# ## Accuracy against energy
#
# Dots that meet every spec are dark.

# %%
m = trials.evaluation.metrics
ok = trials.satisfied
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
axis.semilogx(m["energy"][~ok], m["accuracy"][~ok], ".", color="lightgrey", label="misses a spec")
axis.semilogx(m["energy"][ok], m["accuracy"][ok], ".", color="darkblue", label="meets all")
axis.set(xlabel="energy [J]", ylabel="accuracy")
axis.legend()

# %% [markdown]
# ## Which hardware goes with which network
#
# The three best designs:

# %%
order = np.argsort(trials.cost)
for design in scenario.space.decode(trials.x[order[:3]]):
    print({k: v for k, v in design.items() if k.startswith("acc")})

# %%
assert trials.satisfied[trials.best]
