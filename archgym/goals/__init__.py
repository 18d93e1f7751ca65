"""What is good: objectives, specs, rewards, and the scenario that combines them."""
