"""What the domain of neural-network accelerators and their mappings offers."""

from archgym.domains import Domain, Sample, Verb

_COMMAND = "archgym.simulators.accelerator.command"
_NETWORKS = "archgym.simulators.accelerator.simulator:AcceleratorSimulator.workload_names"

DOMAIN = Domain(
    name="accelerator",
    text="accelerators of neural networks, and mappings onto them",
    simulators={
        "accelerator": "archgym.simulators.accelerator.simulator:AcceleratorSimulator",
        "mapping": "archgym.simulators.accelerator.mapping_simulator:MappingSimulator",
    },
    workloads={"accelerator": _NETWORKS, "mapping": _NETWORKS},
    environments={
        "Accelerator": "accelerator/alexnet-archgym",
        "Mapping": "mapping/resnet18-conv2-loops",
    },
    multi_objective={
        "Accelerator": {"scenario": "accelerator/mobilenet-v2-eyeriss-front"},
        "Mapping": {
            "scenario": "mapping/resnet18-conv2-loops",
            "objectives": ("energy", "latency", "area"),
        },
    },
    verbs={
        "layers": Verb(
            "the layers of a network, or the networks there are", f"{_COMMAND}:add_layers"
        ),
        "architectures": Verb(
            "the architectures there are, or one of them", f"{_COMMAND}:add_architectures"
        ),
        "info": Verb(
            "work, intensity and the roofline bound of networks and layers on a machine",
            "archgym.simulators.accelerator.info_command:add_info",
        ),
        "map": Verb("the best mapping found of every layer, and its cost", f"{_COMMAND}:add_map"),
        "fuse": Verb(
            "layers fused so that what passes between them stays on chip, and what that saves",
            "archgym.simulators.accelerator.fusing.command:add_fuse",
        ),
        "front": Verb(
            "the front of all designs under all mappings, with what is proved of it",
            "archgym.simulators.accelerator.fronts.command:add_front",
        ),
        "trace": Verb(
            "what mapped layers ask of DRAM, as a memory trace",
            "archgym.simulators.accelerator.trace_command:add_trace",
        ),
        "systolic": Verb(
            "layers on a systolic array, by closed forms",
            "archgym.simulators.accelerator.systolic_command:add_systolic",
        ),
    },
    readers={"torch": "archgym.simulators.accelerator.readers.torch_modules:from_torch"},
    validator="archgym.simulators.accelerator.validation:add_options",
    twins={"accelerator": "archgym.simulators.accelerator.slow_twin:compare"},
    samples={
        "accelerator": Sample("accelerator/resnet18-eyeriss-edp", 500),
        "mapping": Sample("mapping/resnet18-conv2-loops", 2_000),
    },
)
