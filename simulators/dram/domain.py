"""What the domain of memory controllers offers."""

from archgym.domains import Domain, Sample, Verb

DOMAIN = Domain(
    name="dram",
    text="memory controllers over DDR3 and DDR4",
    simulators={"dram": "archgym.simulators.dram.simulator:DRAMSimulator"},
    workloads={"dram": "archgym.simulators.dram.traces.library:names"},
    environments={"DRAM": "dram/stream-low-power"},
    multi_objective={"DRAM": {"scenario": "dram/bfs-10k-front"}},
    verbs={
        "trace": Verb(
            "look at, make, convert and capture memory traces",
            "archgym.simulators.dram.command:add_trace",
        ),
    },
    validator="archgym.simulators.dram.validation:add_options",
    samples={"dram": Sample("dram/bfs-10k-low-latency", 2_000)},
)
