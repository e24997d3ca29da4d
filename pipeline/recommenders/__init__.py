"""Algorithms: one module each, behind one protocol and one registry."""
