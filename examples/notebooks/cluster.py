# %% [markdown]
# # Clusters that train large models
#
# How should GPT-3 13B be divided among 64 accelerators, what is a faster network worth, and what do rules
# without ports lead to?

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym
from archgym.goals.pareto import pareto_front

scenario = archgym.load_scenario("cluster/gpt3-13b-training")
(start,) = scenario.space.decode(scenario.reference_design)

# %% [markdown]
# ## Every way to divide it
#
# Three dimensions of switches. Each divides tensors, data, or layers (a pipeline); what remains is how many
# accelerators each has.

# %%
rows = []
for tensor in (1, 2, 4, 8):
    for stages in (1, 2, 4, 8):
        data = 64 // (tensor * stages)
        for micro in (4, 16):
            parts = {"npus0": tensor, "npus1": data, "npus2": stages, "role2": "pipeline"}
            rows.append(start | parts | {"micro_batches": micro, "zero": 1})
e = scenario.evaluate(scenario.space.encode(rows))
m, fits = e.metrics, e.feasible & (e.metrics["memory"] <= 80e9)
figure, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
for stages in (1, 2, 4, 8):
    of = fits & (np.array([row["npus2"] for row in rows]) == stages)
    axis.scatter(m["memory"][of] / 1e9, m["time"][of], label=f"{stages} stages")
axis.set(xlabel="memory of the fullest accelerator [GB]", ylabel="time of a step [s]")
axis.legend()
best = np.flatnonzero(fits)[m["time"][fits].argmin()]
print(f"{fits.sum()} of {len(rows)} fit; the fastest takes {m['time'][best]:.2f} s:")
print({k: rows[best][k] for k in ("npus0", "npus1", "npus2", "micro_batches")})

# %% [markdown]
# ## What the step is made of
#
# Communication that computation hides does not appear. What is left is exposed.

# %%
x = scenario.space.encode([start, rows[best]])
told = scenario.explain(x)[0]["time"]
names, values = told.by("resource")
figure, axis = plt.subplots(figsize=(6.5, 2.4), layout="constrained")
left = np.zeros(2)
for name, column in zip(names, values.T):
    axis.barh(["reference", "fastest"], column, left=left, label=name)
    left += column
axis.set(xlabel="time of a step [s]")
axis.legend(fontsize=8, frameon=False)

# %% [markdown]
# A simulator may draw a design: here a few layers of the step, node by node. `archgym cluster draw` writes these
# figures as a page.

# %%
drawings = {d.title: d.figure for d in scenario.simulators[0].draw(scenario.to_simulator(x)[1])}
drawings["A part of the timeline"]

# %% [markdown]
# ## What a faster network is worth
#
# A search over time and network cost. Designs that no other beats in both:

# %%
front = archgym.load_scenario("cluster/vit-large-front")
trials = archgym.Study(front, "portfolio", budget=400, seed=0).run()
met = trials.satisfied
both = np.stack([trials.evaluation.metrics[n][met] for n in ("time", "network_cost")], axis=1)
kept = both[pareto_front(both)]
kept = kept[kept[:, 0].argsort()]
figure, axis = plt.subplots(figsize=(6.5, 3.5), layout="constrained")
axis.scatter(both[:, 0] * 1e3, both[:, 1] / 1e3, s=8, color="lightgrey")
axis.step(kept[:, 0] * 1e3, kept[:, 1] / 1e3, where="post")
axis.set(xscale="log", yscale="log", xlabel="time of a step [ms]", ylabel="network [1,000 USD]")
print(
    f"{len(kept)} designs; half of the fastest network's cost costs "
    f"{kept[kept[:, 1] <= kept[0, 1] / 2, 0].min() / kept[0, 0] - 1:.1%} of time"
)

# %% [markdown]
# ## What rules without ports lead to
#
# ASTRA-sim's congestion-unaware back end lets messages share no port. The best design by these rules is looked at
# again with ports that are shared.

# %%
tool = archgym.load_scenario("cluster/archgym-gpt3-13b")
ports = archgym.load_scenario("cluster/archgym-gpt3-13b", config={"semantics": "physical"})
found = archgym.run(tool, "portfolio", budget=200, seed=0)
chosen = found.best_indices()[None]
by_tool, by_ports = (s.evaluate(chosen).metrics for s in (tool, ports))
for note in found.result["notes"]:
    print(note)
print(
    f"exposed {by_tool['exposed'][0]:.4f} s by the tool, {by_ports['exposed'][0]:.4f} s with ports"
)

# %%
# ports never make a step faster, and the parts of a step are the step
assert by_ports["time"][0] >= by_tool["time"][0]
assert np.allclose(values.sum(axis=1), scenario.evaluate(x).metrics["time"])
