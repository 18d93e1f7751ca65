# %% [markdown]
# # The certified optimum
#
# How good is a search? On a small space every design can be evaluated. Then the answer is exact.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import archgym
from archgym.tables import certificate as certificates
from archgym.tables.build import build

scenario = archgym.load_scenario("soc/audio-coarse")
(simulator,) = scenario.simulators
folder = Path(tempfile.mkdtemp())
table = build(simulator, scenario.parameters, folder / "audio")
certificate = certificates.certify(scenario, (table,))
certificates.save(certificate, folder / certificates.file_name(scenario))
print(f"{len(table):,} designs, {certificate['satisfied']} meet every spec")

# %% [markdown]
# ## Judge searches by it
#
# `--answers table` makes any search look designs up. The *gap* is the distance from the optimum, as a share
# of it.

# %%
gaps = {}
for agent in ("random_walk", "genetic_algorithm", "hill_climbing", "portfolio"):
    power = []
    for seed in range(10):
        study = archgym.Study(scenario, agent, budget=400, seed=seed, answers=f"table:{folder}")
        trials = study.run()
        met = np.where(trials.satisfied, trials.evaluation.metrics["power"], np.inf)
        power.append(np.minimum.accumulate(met))
    gaps[agent] = np.array(power)

least = min(float(p.min()) for p in gaps.values())
print(f"least power found {least * 1e3:.3f} mW")

# %%
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
for agent, power in gaps.items():
    gap = power / least - 1
    within = np.mean(gap <= 0.01, axis=0)
    axis.plot(within, label=agent)
    print(
        f"{agent:<18} within 1 % of the least after 400 evaluations: {np.sum(gap[:, -1] <= 0.01)} of 10 seeds"
    )
axis.set(xlabel="evaluations charged", ylabel="share of seeds within 1 %")
axis.legend()

# %% [markdown]
# Random search meets the optimum by luck alone. `P(within 1 %)` of it is known exactly: it follows from the share
# of good designs, which the certificate holds.

# %%
optimum = certificate["optimum"]["metrics"]["power"]
print(
    f"the optimum: {optimum * 1e3:.3f} mW, shares within 1 and 5 %: {certificate['share_within']}"
)
assert least >= optimum * (1 - 1e-12)
