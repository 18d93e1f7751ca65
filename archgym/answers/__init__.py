"""Who answers for a design: the simulator, a table, a proxy, or a proxy that asks the simulator."""
