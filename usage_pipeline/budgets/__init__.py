"""COMPARE: budgets and costs in, budget status out."""
