"""Which products of AWS Marketplace are models: told by the lines of one file that say so, known again by their code.

A model that is sold through the Marketplace has a random product code. Its usage names the product or has a usage type of tokens; its
tax, credits, refunds and fees may have the code alone. What no line of the file tells of is neither guessed nor passed over.
https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged

MARKETPLACE = "AWS Marketplace"
RANDOM_CODE = r"^[a-z0-9]{20,32}$"
"""'4a524th30q694o538qndh9ucht'; AWS's own codes are words, 'AmazonBedrock'."""

MARKS = ("service_code", "usage_type", "product_name", "older_product_name", "product_model")
"""Any of these says what a line is about."""

NOT = ibis.literal(value=False)


def with_known_products(rows: ir.Table, is_model: str) -> ir.Table:
    """`rows` with `is_model` true also where the line's code stands on a line of its file for which it is true; and `is_unknown_product`:
    the line has a code and nothing else that says what it is about, and no line of its file with that code has either.
    """
    has_code = rows.product_code.re_search(RANDOM_CODE)
    says = rows[is_model] | ibis.or_(*(rows[name].notnull() for name in MARKS))
    telling = rows.filter(has_code & says).group_by(told_file=rows.source_file, told_code=rows.product_code)
    told = staged(telling.agg(told_model=rows[is_model].any()))
    joined = rows.left_join(told, (rows.source_file == told.told_file) & (rows.product_code == told.told_code))
    known = joined.mutate(
        **{is_model: joined[is_model] | joined.told_model.fill_null(NOT)},
        is_unknown_product=joined.product_code.re_search(RANDOM_CODE).fill_null(NOT) & joined.told_code.isnull(),
    )
    return staged(known.drop("told_file", "told_code", "told_model"))
