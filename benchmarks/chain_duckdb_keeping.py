"""The plain SQL again, which here keeps by day what our pipeline keeps: landed rows, events, priced usage. Not one table, three."""

from functools import partial

from benchmarks import chain_duckdb

run = partial(chain_duckdb.run, is_keeping=True)
