"""Dagster entry."""
