"""The contracts between stages: one module a table, one declaration a row. Rooms meet here and nowhere else."""
