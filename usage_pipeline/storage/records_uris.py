"""Where a record's file lies, for the sources that ask: a field with the path '#file' is the uri of the file."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.source import FILE


def with_uris(rows: ir.Table, uris: Mapping[str, str], paths: Mapping[str, tuple[str, ...]]) -> ir.Table:
    """`rows` with the uri of their file, of `uris` by fingerprint, under every name whose path is FILE."""
    names = [name for name, path in paths.items() if path == (FILE,)]
    if not names:
        return rows
    told = ibis.memtable(list(uris.items()), schema=ibis.schema({"told_file": "string", "told_uri": "string"}))
    joined = rows.drop(*names).left_join(told, rows.source_file == told.told_file)
    return joined.mutate(**dict.fromkeys(names, joined.told_uri)).drop("told_file", "told_uri")
