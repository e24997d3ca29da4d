"""A published DuckDB file becomes a folder of flat arrays that every worker maps.

``python -m serving.unfolding`` does it in a process of its own: a worker keeps its memory and
goes on answering, and a file that breaks the reader breaks nothing else.
"""

from serving.unfolding.unfold import unfold

__all__ = ["unfold"]
