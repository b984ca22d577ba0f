"""Names for rows that come without one: the hash of what makes them what they are, and a number for otherwise equal ones."""

import ibis
import ibis.expr.types as ir

SEPARATOR = "\x1f"
NULL = "\x1e"


def natural_key(*parts: ir.Value) -> ir.StringValue:
    """The MD5 of all parts in order; null is a value of its own."""
    texts = [part.cast("string").fill_null(NULL) for part in parts]
    return ibis.literal(SEPARATOR).join(texts).hexdigest("md5")


def numbered(rows: ir.Table, key: str) -> ir.Table:
    """`rows` with `key` made unique in its file: the second equal row gets '-2', and so on in the order of the lines.

    Counted per file, so that a copy of the file gives the same keys again.
    """
    place = ibis.row_number().over(group_by=[rows.source_file, rows[key]], order_by=rows.source_line)
    return rows.mutate(**{key: ibis.ifelse(place == 0, rows[key], rows[key] + "-" + (place + 1).cast("string"))})
