"""Providers' admin APIs."""
