"""usage_pipeline: AI usage cost, from provider bills and gateway logs to a book that finance can close."""
