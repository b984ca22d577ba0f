"""SUM: priced usage and charges in, daily and monthly costs out."""
