# %% [markdown]
# # Serving a language model
#
# Which deployment of Llama 3.1 70B is cheapest per token, and what limits it? The space is small enough to
# evaluate all of it.

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym
from archgym.goals.pareto import pareto_front

scenario = archgym.load_scenario("serving/llama-70b-chat")
designs = scenario.space.unrank(range(scenario.space.cardinality))
e = scenario.evaluate(designs)
meets = scenario.satisfied(e)
best = np.flatnonzero(meets)[e.metrics["gpu_time"][meets].argmin()]
print(f"{len(designs):,} deployments, {e.feasible.sum():,} work, {meets.sum():,} are fast enough")
print(scenario.space.decode(designs[best : best + 1])[0])

# %% [markdown]
# ## Cost against latency
#
# Each point is a deployment that no other beats in both, by GPU.

# %%
figure, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
boards = scenario.space.columns(designs)["gpu"]
for board in ("a100_sxm", "h100_sxm", "h200_sxm", "b200_sxm", "gb200"):
    rows = np.flatnonzero(e.feasible & (boards == board))
    both = np.stack([e.metrics["tpot"][rows], e.metrics["gpu_time"][rows]], axis=1)
    front = both[pareto_front(both)]
    front = front[front[:, 0].argsort()]
    axis.step(front[:, 0] * 1e3, front[:, 1] * 1e6, where="post", label=board)
axis.axvline(20, color="grey", ls="--", lw=1)
axis.set(xscale="log", yscale="log", xlabel="time per token [ms]", ylabel="GPU time per token [us]")
axis.legend()

# %% [markdown]
# ## What limits it
#
# The same deployment with more and more requests at once. One request waits for weights from memory. Many share
# them, and the caches of all requests are read beside the weights.

# %%
simulator = scenario.simulators[0]
base = scenario.space.decode(designs[best : best + 1])[0]
counts = [1, 4, 16, 64, 256, 1024]
x = simulator.space.encode([base | {"concurrency": c} for c in counts])
told = simulator.explain(x)["tpot"]
names, values = told.by("resource")
figure, axis = plt.subplots(figsize=(6.5, 3.5), layout="constrained")
bottom = np.zeros(len(counts))
for name, column in zip(names, values.T):
    axis.bar([str(c) for c in counts], column * 1e3, bottom=bottom * 1e3, label=name)
    bottom += np.nan_to_num(column)
axis.set(xlabel="requests at once", ylabel="time per token [ms]")
axis.legend(frameon=False)
print(dict(zip(counts, told.binding)))

# %% [markdown]
# ## How far a search comes
#
# The optimum is known, so searches can be judged by it.

# %%
least = e.metrics["gpu_time"][best]
for agent in ("random_walk", "portfolio", "guided"):
    found = []
    for seed in range(5):
        trials = archgym.Study(scenario, agent, budget=100, seed=seed).run()
        found.append(trials.evaluation.metrics["gpu_time"][trials.satisfied].min(initial=np.inf))
    print(
        f"{agent:<12} after 100 evaluations: {np.median(found) / least - 1:.0%} above the optimum"
    )

# %%
# the whole space was evaluated: no search finds anything better
assert meets[best] and min(found) >= least
