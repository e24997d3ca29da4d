"""The edge to Dagster: the only modules that import it."""
