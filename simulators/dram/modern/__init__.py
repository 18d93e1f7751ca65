"""Modern memories: ranks, pseudo channels, channels and refresh by unit, on tables of constraints."""
