"""The command line, thin: options in, one call, one answer out."""
