"""Curated frames and matrices: raw records in, arrays for models out."""
