"""What the domain of block-level PPA offers."""

from archgym.domains import Domain, Sample, Verb

DOMAIN = Domain(
    name="ffet",
    text="block-level power, performance and area of flip FET against CFET",
    simulators={"ffet": "archgym.simulators.ffet.simulator:BlockPPASimulator"},
    workloads={"ffet": "archgym.simulators.ffet.simulator:netlist_names"},
    environments={"BlockPPA": "ffet/picorv32-frequency"},
    multi_objective={"BlockPPA": {"scenario": "ffet/picorv32-front"}},
    verbs={
        "layout": Verb(
            "a picture of placement, congestion of both sides and the critical path",
            "archgym.simulators.ffet.layout_command:add_layout",
        ),
        "netlist": Verb(
            "bring another Verilog core, or look at a packed one",
            "archgym.simulators.ffet.netlist_command:add_netlist",
        ),
        "export": Verb(
            "write Verilog, Liberty, LEF, DEF, SPEF and SDC of a design's first placement",
            "archgym.simulators.ffet.command:add_export",
        ),
        "max-utilization": Verb(
            "raise the utilisation until the block cannot be legalised or routed",
            "archgym.simulators.ffet.command:add_max_utilization",
        ),
    },
    validator="archgym.simulators.ffet.validation:add_options",
    samples={"ffet": Sample("ffet/mac16-frequency", 500)},
)
