"""Ways to a person: one module a channel, one protocol."""
