"""What the domain of serving offers."""

from archgym.domains import Domain, Verb

HERE = "archgym.simulators.serving"

DOMAIN = Domain(
    name="serving",
    text="deployments of large language models on GPUs: latency, throughput, memory, cost",
    simulators={"serving": f"{HERE}.simulator:ServingSimulator"},
    workloads={"serving": f"{HERE}.simulator:ServingSimulator.workload_names"},
    environments={"Serving": "serving/llama-70b-chat"},
    multi_objective={
        "Serving": {"scenario": "serving/llama-70b-chat", "objectives": ("tpot", "gpu_time")}
    },
    verbs={
        "roofline": Verb(
            "which parts of a deployment memory limits, and which operations do",
            f"{HERE}.command:add_roofline",
        ),
    },
    validator=f"{HERE}.validation:add_options",
    validated={"serving": f"{HERE}.validated:rows"},
)
