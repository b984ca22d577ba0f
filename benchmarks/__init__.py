"""Measurements of the pipeline against the same work done otherwise. Run by hand; never by the tests."""
