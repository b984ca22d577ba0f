"""One snapshot, several files: each format renders the same numbers."""
