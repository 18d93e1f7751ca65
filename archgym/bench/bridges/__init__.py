"""The suite in the forms of others: logs of IOHprofiler, tasks of CARP-S, ids of Gymnasium."""
