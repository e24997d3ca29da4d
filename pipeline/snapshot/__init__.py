"""A snapshot: one DuckDB file, built aside, verified and hashed before anyone may publish it."""

from pipeline.snapshot.building import BuiltSnapshot, build
from pipeline.snapshot.contents import Chart, SnapshotContents
from pipeline.snapshot.verifying import verify

__all__ = ["BuiltSnapshot", "Chart", "SnapshotContents", "build", "verify"]
