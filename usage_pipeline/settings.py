"""usage.yaml and the environment as values; the only reader of the environment."""
