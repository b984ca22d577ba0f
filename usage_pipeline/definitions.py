"""Dagster's entry: the whole graph over the home and the configuration that the environment names."""

import dagster as dg

from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.settings import Environment


@dg.definitions
def definitions() -> dg.Definitions:
    environment = Environment()
    return definitions_of(environment.home, environment.config_file)
