"""Room 3: published snapshots are read and answered from, as JSON."""
