"""A published snapshot is read and answered from."""
