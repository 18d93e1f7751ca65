"""What the domain of systems on chip offers."""

from archgym.domains import Domain, Sample, Verb

DOMAIN = Domain(
    name="soc",
    text="systems on chip for task graphs of augmented reality",
    simulators={"soc": "archgym.simulators.soc.simulator:SoCSimulator"},
    workloads={"soc": "archgym.simulators.soc.workloads:names"},
    environments={"SoC": "soc/audio-budgets"},
    multi_objective={"SoC": {"scenario": "soc/audio-front"}},
    verbs={
        "info": Verb(
            "tasks, edges, bytes and work of a workload", "archgym.simulators.soc.command:add_info"
        ),
        "draw": Verb(
            "task graph, architecture and Gantt chart of a design",
            "archgym.simulators.soc.command:add_draw",
        ),
    },
    validator="archgym.simulators.soc.validation:add_options",
    samples={"soc": Sample("soc/audio-budgets", 2_000)},
)
