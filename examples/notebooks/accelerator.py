# %% [markdown]
# # DNN accelerators and mappings
#
# How much does a mapping matter, and how much the hardware? We search the mapping of one layer, and look at
# where its energy goes.

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym

# %% [markdown]
# ## One layer on fixed hardware
#
# A design is a mapping of a layer of ResNet-18 onto an Eyeriss-like array. The objective is energy times
# latency.

# %%
scenario = archgym.load_scenario("mapping/resnet18-conv2-loops")
print(f"{scenario.space.cardinality:.3g} mappings")

# %% [markdown]
# The agent `gamma` has operators that know what a mapping is. The other two do not.

# %%
runs = {
    agent: archgym.Study(scenario, agent, budget=400, seed=1).run()
    for agent in ("random_walk", "genetic_algorithm", "gamma")
}

# %%
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
for agent, trials in runs.items():
    m = trials.evaluation.metrics
    product = np.where(trials.evaluation.feasible, m["energy"] * m["latency"], np.inf)
    axis.semilogy(np.minimum.accumulate(product), label=agent)
    print(f"{agent:<18} {product.min() * 1e6:8.2f} µJ s")
axis.set(xlabel="evaluations charged", ylabel="energy × latency [J s]")
axis.legend()

# %% [markdown]
# Is knowledge of the problem worth it? On this layer and this seed a plain genetic algorithm ends lower than
# `gamma`. One seed proves little: run more before you conclude.
#
# ## Why it is better
#
# A good mapping moves fewer words. We compare the traffic with the outer memory.

# %%
for name, row in (("reference", 0), ("best", runs["gamma"].best)):
    m = runs["gamma"].evaluation.row(row)
    print(
        f"{name:<10} {m['traffic_dram'] / 1e6:7.1f} MB from DRAM, {m['utilisation']:.1%} of the multipliers busy, "
        f"{m['energy'] * 1e3:.2f} mJ"
    )

# %% [markdown]
# **To go on.** Search the hardware too: `accelerator/alexnet-simba-coarse`. There a mapper chooses the
# mapping of every layer for every design.

# %%
assert runs["gamma"].cost.min() < runs["random_walk"].cost.min()
