"""What HTML pages of runs, sweeps and the dashboard are made of: parts, style and scripts."""
