"""What the domain of external programs offers."""

from archgym.domains import Domain

DOMAIN = Domain(
    name="external",
    text="any program as a simulator",
    simulators={"subprocess": "archgym.simulators.external.simulator:SubprocessSimulator"},
    workloads={
        "subprocess": "archgym.simulators.external.simulator:SubprocessSimulator.workload_names"
    },
)
