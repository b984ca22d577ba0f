"""Dagster shells: each asset reads, calls one function, replaces its scope, reports numbers."""
