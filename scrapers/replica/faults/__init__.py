"""Faults that a stand-in plays: each a small change to what it would have answered."""
