"""What the domain of memory controllers offers."""

from archgym.domains import Domain, Quirk, Sample, Verb

DOMAIN = Domain(
    name="dram",
    text="memories and their controllers: DDR3 to DDR5, LPDDR, HBM, GDDR",
    simulators={
        "dram": "archgym.simulators.dram.simulator:DRAMSimulator",
        "memory": "archgym.simulators.dram.memory.simulator:MemorySimulator",
        "accelerated": "archgym.simulators.dram.memory.accelerated:AcceleratedSimulator",
    },
    workloads={
        "dram": "archgym.simulators.dram.traces.library:names",
        "memory": "archgym.simulators.dram.traces.library:names",
        "accelerated": "archgym.simulators.accelerator.workloads:names",
    },
    environments={
        "DRAM": "dram/stream-low-power",
        "Memory": "memory/ddr5-sqlite",
        "Accelerated": "accelerated/mobilenet-lpddr5",
    },
    multi_objective={
        "DRAM": {"scenario": "dram/bfs-10k-front"},
        "Memory": {
            "scenario": "memory/ddr5-sqlite",
            "objectives": ("mean_latency", "energy_per_bit"),
        },
    },
    verbs={
        "trace": Verb(
            "look at, make, convert and capture memory traces",
            "archgym.simulators.dram.command:add_trace",
        ),
    },
    validator="archgym.simulators.dram.validation:add_options",
    samples={"dram": Sample("dram/bfs-10k-low-latency", 2_000)},
    twins={"dram": "archgym.simulators.dram.slow_twin:compare"},
    validated={"dram": "archgym.simulators.dram.validated:rows"},
    quirks=(
        *(
            Quirk(
                simulator,
                {"refresh_policy": ("NoRefresh",), "refresh_max_postponed": tuple(range(2, 9))},
                "a refresh that is off, or still owed when the trace ends, costs nothing",
            )
            for simulator in ("dram", "memory", "accelerated")
        ),
        Quirk(
            "dram",
            {"power_down_policy": ("NoPowerDown",)},
            "DRAMSys' table of currents makes power-down cost energy",
            "dramsys",
        ),
    ),
)
