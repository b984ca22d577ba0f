"""Dagster shells: each asset reads, calls one function, replaces its scope, reports numbers."""

import warnings

import dagster as dg

# Backfill policies and partition mappings are called beta since 1.5; the pinned version has them, the tests hold them.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
