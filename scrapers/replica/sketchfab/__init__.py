"""A stand-in for Sketchfab, where users like 3D models."""
