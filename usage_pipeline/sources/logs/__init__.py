"""Application and gateway logs."""
