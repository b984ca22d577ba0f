"""A fictional organisation with known truth: writes inputs in the real shapes."""
