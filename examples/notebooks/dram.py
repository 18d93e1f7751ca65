# %% [markdown]
# # Memory controllers: which knob buys what
#
# We search a memory controller for a recorded program. Then we ask what each knob of the best design buys.

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym

# %% [markdown]
# A scenario says what is searched and what is wanted. This one uses the first 5,000 requests of a trace
# that was captured from SQLite.

# %%
scenario = archgym.load_scenario("dram/sqlite-low-latency", "sqlite@5000")
print(scenario.description)
print(f"{scenario.space.cardinality:,} designs")

# %% [markdown]
# ## Search
#
# 300 evaluations, one seed. Costs are for machines, so we look at the mean latency in nanoseconds.

# %%
trials = archgym.Study(scenario, "genetic_algorithm", budget=300, seed=1).run()
latency = trials.evaluation.metrics["mean_latency"] * 1e9
energy = trials.evaluation.metrics["energy"] * 1e3
print(f"reference {latency[0]:.2f} ns, best {latency[trials.best]:.2f} ns")

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
axes[0].semilogy(latency, ".", color="lightsteelblue", label="trials")
axes[0].step(
    range(len(latency)),
    np.minimum.accumulate(np.where(trials.satisfied, latency, np.inf)),
    label="best so far",
)
axes[0].set(xlabel="evaluations charged", ylabel="mean latency [ns]")
axes[0].legend()
axes[1].semilogx(latency, energy, ".", color="lightsteelblue")
axes[1].semilogx(latency[trials.front], energy[trials.front], "o", mfc="none")
axes[1].set(xlabel="mean latency [ns]", ylabel="energy [mJ]", title="latency against energy")

# %% [markdown]
# ## What each knob buys
#
# We put one knob at a time back to the reference design's value.

# %%
(best,) = scenario.space.decode(trials.x[trials.best : trials.best + 1])
(reference,) = scenario.space.decode(scenario.reference_design)
changed = {k: v for k, v in reference.items() if best[k] != v}
variants = scenario.space.encode([best, *(best | {k: v} for k, v in changed.items())])
evaluation = archgym.make_evaluator(scenario)(variants)
worth = evaluation.metrics["mean_latency"] * 1e9

for knob, value in zip(changed, worth[1:]):
    print(
        f"{knob:<25} {changed[knob]!s:>16} -> {best[knob]!s:<24} {value - worth[0]:+7.2f} ns if put back"
    )

# %% [markdown]
# Knobs with +0.00 do not matter for this trace. The search moved them by chance.
#
# **To go on.** Try another trace (`archgym list workloads`), or ask for low energy with
# `dram/sqlite-low-energy`.

# %%
assert latency[trials.best] < latency[0]
