"""Interactive figures of searches, by plotly: for notebooks, for a run's page and for a sweep's report."""
