"""READ: a source file in, usage events or charges out. One module a source, listed in catalog.py."""
