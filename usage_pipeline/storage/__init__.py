"""The edges: landing files, lake, database, outbox. The only room that reads and writes."""
