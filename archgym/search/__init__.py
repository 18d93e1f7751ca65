"""Search: an agent, a scenario and a budget become a study."""
