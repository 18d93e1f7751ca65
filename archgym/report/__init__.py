"""The report of a sweep: one HTML page that opens offline, and its tables as CSV."""
