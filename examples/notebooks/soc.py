# %% [markdown]
# # Systems on chip: advice against luck
#
# A system on chip runs the tasks of an audio decoder. `farsi` follows the simulator's advice. Does that help,
# and over how many seeds?

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym

scenario = archgym.load_scenario("soc/audio-budgets")
print(scenario.description)
print(f"{scenario.space.cardinality:.2g} designs of {len(scenario.space)} knobs")

# %% [markdown]
# ## The reference design
#
# Everything runs on one processor. That misses the power budget of 8.737 mW by far.

# %%
row = archgym.make_evaluator(scenario)(scenario.reference_design).row(0)
print(f"{row['latency'] * 1e3:.2f} ms, {row['power'] * 1e3:.2f} mW, {row['area'] * 1e6:.2f} mm²")

# %% [markdown]
# ## Three agents, five seeds
#
# One seed proves little, so we show the range.

# %%
agents, seeds, budget = ("random_walk", "simulated_annealing", "farsi"), range(5), 600
curves = {}
for agent in agents:
    power = []
    for seed in seeds:
        trials = archgym.Study(scenario, agent, budget=budget, seed=seed).run()
        met = np.where(trials.satisfied, trials.evaluation.metrics["power"], np.inf)
        power.append(np.minimum.accumulate(met) * 1e3)
    curves[agent] = np.array(power)

# %%
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
for agent, power in curves.items():
    shown = np.where(np.isfinite(power), power, np.nan)
    found = np.isfinite(power[:, -1]).sum()
    print(f"{agent:<20} meets all specs on {found} of {len(power)} seeds")
    if found:
        line = axis.plot(np.median(np.where(np.isfinite(power), power, 1e3), axis=0), label=agent)[
            0
        ]
        axis.fill_between(
            range(budget),
            power.min(axis=0),
            np.where(np.isfinite(power), power, 1e3).max(axis=0),
            alpha=0.2,
            color=line.get_color(),
        )
axis.set(ylim=(0, 9), xlabel="evaluations charged", ylabel="least power that meets the specs [mW]")
axis.legend()

# %% [markdown]
# Lines are medians over the seeds, bands go from the best to the worst seed.
#
# **To go on.** Use a task graph of your own with `archgym.load_scenario("soc/audio-budgets", "mine.tasks.csv")`.

# %%
assert np.isfinite(curves["farsi"][:, -1]).all()
