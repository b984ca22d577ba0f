"""TELL: budget status in, alerts and messages out."""
