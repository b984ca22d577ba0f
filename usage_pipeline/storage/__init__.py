"""The edges: landing files, lake, database. Mails write themselves in alerts/channels; nothing else does I/O."""
