# %% [markdown]
# # Exercise: beat random search
#
# You write a search algorithm in a few lines, and a check says whether it is better than random search. The
# solution stands at the end. Try first.
#
# **Task.** Fill in `_ask` of the class below. It gets `n`, and returns `n` designs, an array `(n, d)` of value
# indices. `self.best` is the least costly design so far. `self.space.neighbors(design)` gives all designs
# that differ in one knob. Draw random numbers from `self.rng` only.

# %%
import numpy as np

import archgym


class MySearch(archgym.Agent):
    """Your search."""

    name = "my_search"

    def _start(self):
        self.best, self.cost = None, np.inf

    def _ask(self, n):
        return self.space.sample(n, self.rng)  # <- your code here; this is random search

    def _tell(self, x, costs):
        i = int(np.argmin(costs[:, 0]))
        if self.best is None or costs[i, 0] < self.cost:
            self.best, self.cost = x[i], costs[i, 0]


# %% [markdown]
# ## The check
#
# Ten seeds, 150 evaluations each, on a system on chip. Yours must have the lower median cost.

# %%
scenario = archgym.load_scenario("soc/audio-coarse")


def final_costs(make, seeds=10, budget=150):
    """The best cost of each seed."""
    return np.array(
        [
            archgym.Study(scenario, make(seed), budget=budget, batch=10).run().cost.min()
            for seed in range(seeds)
        ]
    )


def check(cls):
    """Whether a search beats random search, in words."""
    from archgym.testing import check_agent

    check_agent(cls)  # one seed gives one sequence, designs are legal, and so on
    mine = final_costs(lambda seed: cls(scenario.space, seed=seed))
    chance = final_costs(lambda seed: MySearch(scenario.space, seed=seed))
    better = np.median(mine) < np.median(chance)
    wins = int(np.sum(mine < chance))
    return (
        better,
        f"median cost {np.median(mine):.3f} against {np.median(chance):.3f}, better on {wins} of 10 seeds",
    )


print(check(MySearch))  # random search against itself: no better

# %% [markdown]
# ## Questions
#
# 1. Why does the check use ten seeds and not one?
# 2. Your search may ask for the same design twice. Is that charged?
# 3. What does a design cost that misses a spec? (See *Concepts* on cost.)
#
# ## Solution

# %%


class Solution(MySearch):
    """Half of the batch changes one knob of the best design, half is random."""

    name = "solution"

    def _ask(self, n):
        out = self.space.sample(n, self.rng)
        if self.best is not None:
            near = self.space.neighbors(self.best)
            k = n // 2
            if len(near):  # a space of one design has no neighbours
                out[:k] = near[self.rng.integers(0, len(near), k)]
        return out


passed, words = check(Solution)
print(passed, words)
assert passed

# %% [markdown]
# Answers: 1. With one seed, luck decides. 2. Yes, every proposal is charged. 3. More than any design that meets
# all specs.
