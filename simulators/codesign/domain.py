"""What the domain of co-design offers."""

from archgym.domains import Domain, Sample, Verb

DOMAIN = Domain(
    name="codesign",
    text="networks and heterogeneous accelerators designed together",
    simulators={"codesign": "archgym.simulators.codesign.simulator:CoDesignSimulator"},
    workloads={
        "codesign": "archgym.simulators.codesign.simulator:CoDesignSimulator.workload_names"
    },
    environments={"CoDesign": "codesign/w1-joint"},
    multi_objective={
        "CoDesign": {
            "scenario": "codesign/w1-joint",
            "objectives": ({"metric": "accuracy", "goal": "maximize"}, "latency", "energy", "area"),
        },
    },
    verbs={
        "schedule": Verb(
            "who runs which layer when, as a table and a Gantt chart",
            "archgym.simulators.codesign.command:add_schedule",
        ),
    },
    validator="archgym.simulators.codesign.validation:add_options",
    samples={"codesign": Sample("codesign/w1-joint", 2_000)},
)
