"""What the domain of clusters offers."""

from archgym.domains import Domain, Verb

DOMAIN = Domain(
    name="cluster",
    text="clusters of accelerators that train and serve large models",
    simulators={"cluster": "archgym.simulators.cluster.simulator:ClusterSimulator"},
    workloads={"cluster": "archgym.simulators.cluster.simulator:ClusterSimulator.workload_names"},
    environments={"Cluster": "cluster/gpt3-13b-training"},
    multi_objective={
        "Cluster": {
            "scenario": "cluster/gpt3-13b-training",
            "objectives": ("time", "bandwidth"),
        },
    },
    verbs={
        "draw": Verb(
            "timeline of a step, roofline, what a run's designs cost",
            "archgym.simulators.cluster.command:add_draw",
        ),
    },
    validator="archgym.simulators.cluster.validation:add_options",
    constants={"cluster": ("peak_tflops", "memory_gbps", "latency", "endpoint_delay")},
    twins={"cluster": "archgym.simulators.cluster.slow_twin:compare"},
)
