# %% [markdown]
# # Block-level PPA: what a second side of the wafer buys
#
# For each design the simulator places, routes and times a real netlist. We compare a CFET with a flip FET on a
# small multiplier and accumulator, with error bars.

# %%
import matplotlib.pyplot as plt

import archgym

scenario = archgym.load_scenario("ffet/mac16-frequency")
for p in scenario.space.parameters:
    print(f"{p.name:<18} {p.values[0]} … {p.values[-1]} {p.unit}")

# %% [markdown]
# ## Four designs by hand

# %%
(reference,) = scenario.space.decode(scenario.reference_design)
designs = {
    "CFET, 12 layers": reference,
    "flip FET, 12 front": reference | {"technology": "ffet-3.5t"},
    "flip FET, 12 + 12": reference
    | {"technology": "ffet-3.5t", "back_layers": 12, "back_pin_share": 0.5},
    "flip FET, 5 + 5": reference
    | {"technology": "ffet-3.5t", "front_layers": 5, "back_layers": 5, "back_pin_share": 0.5},
}
evaluation = archgym.make_evaluator(scenario)(scenario.space.encode(list(designs.values())))
for i, name in enumerate(designs):
    if evaluation.feasible[i]:
        m = evaluation.row(i)
        print(
            f"{name:<20} {m['frequency'] / 1e9:.3f} ± {m['frequency_stderr'] / 1e9:.3f} GHz, "
            f"{m['core_area'] * 1e12:.1f} µm², {m['power'] * 1e6:.0f} µW"
        )
    else:
        print(f"{name:<20} infeasible: {evaluation.reason(i)}")

# %%
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
m = evaluation.metrics
axis.errorbar(
    m["core_area"] * 1e12, m["frequency"] / 1e9, 2 * m["frequency_stderr"] / 1e9, fmt="o", capsize=4
)
for i, name in enumerate(designs):
    if evaluation.feasible[i]:
        axis.annotate(
            name,
            (m["core_area"][i] * 1e12, m["frequency"][i] / 1e9),
            xytext=(6, 6),
            textcoords="offset points",
        )
axis.set(xlabel="core area [µm²]", ylabel="frequency [GHz], two standard errors")
axis.margins(0.3)

# %% [markdown]
# ## What may be concluded
#
# Differences within two standard errors mean nothing. And some published gains do not come out of this flow:
# the page *Validation* says which. Use it to learn about trade-offs, not to quote silicon.

# %%
assert evaluation.feasible[0]
