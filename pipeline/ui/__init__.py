"""``make dagster``: the Dagster UI of a data folder."""
