# %% [markdown]
# # Proxies that know when they are unsure
#
# A proxy is a learned model in the simulator's place. We train one, look at its intervals, and let it ask the
# simulator when it is unsure.

# %%
import matplotlib.pyplot as plt
import numpy as np

import archgym

scenario = archgym.load_scenario("dram/xz-10k-low-energy", "xz@2000")
rng = np.random.default_rng(0)
evaluate = archgym.make_evaluator(scenario)

# %% [markdown]
# ## Escalation
#
# `answers="escalating"` starts from nothing. The proxy answers where it is sure. Elsewhere the simulator is
# asked, and the proxy learns.

# %%
exact = archgym.Study(scenario, "genetic_algorithm", budget=200, seed=1)
trials = exact.run()
learning = archgym.Study(scenario, "genetic_algorithm", budget=200, seed=1, answers="escalating")
guessed = learning.run()

print("simulator  computed", exact.evaluator.computed)
print("escalating computed", learning.evaluator.computed)

# %% [markdown]
# ## Are the guesses right?
#
# We evaluate all designs of the second search with the simulator and compare.

# %%
true = evaluate(guessed.x).metrics["energy"] * 1e3
guess = guessed.evaluation.metrics["energy"] * 1e3
figure, axis = plt.subplots(figsize=(4.5, 4), layout="constrained")
axis.plot(true, guess, ".")
axis.plot([true.min(), true.max()], [true.min(), true.max()], "k:", lw=1)
axis.set(xlabel="energy by the simulator [mJ]", ylabel="energy as answered [mJ]")
print(f"mean error {np.mean(np.abs(guess / true - 1)):.3%}")

# %% [markdown]
# On the dotted line an answer is exact. Points off it are guesses.

# %%
assert learning.evaluator.computed < exact.evaluator.computed
