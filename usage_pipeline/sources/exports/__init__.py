"""Providers' billing and usage exports."""
