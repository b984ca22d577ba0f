"""Which products of AWS Marketplace are models: told by the lines of one file that say so, known again by their code.

A model that is sold through the Marketplace has a random product code. Its usage names the product or has a usage type of tokens; its
tax, credits, refunds and fees may have the code alone. What no line of the file tells of is neither guessed nor passed over.
https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.bedrock_models import product_in
from usage_pipeline.sources.records import staged

MARKETPLACE = "AWS Marketplace"
RANDOM_CODE = r"^[a-z0-9]{20,32}$"
"""'4a524th30q694o538qndh9ucht'; AWS's own codes are words, 'AmazonBedrock'."""

MARKS = ("service_code", "usage_type", "product_name", "older_product_name", "product_model")
"""Any of these says what a line is about."""

BEDROCK_ARN = r"^arn:aws[a-z-]*:bedrock:"
TOKENS = r"-MP:.*(TokenCount|_tokens_)"
"""A Marketplace usage type that counts tokens."""

NOT = ibis.literal(value=False)


def with_known_products(rows: ir.Table, is_model: str, lines: ir.Table) -> ir.Table:
    """`rows` with `is_model` true also where the line's code stands on one of `lines`, of the same file, that is a model's; and
    `is_unknown_product`: a line with a code and nothing else that says what it is about, of whose code no line of its file says more.

    `lines` are the records themselves: looking into `rows` twice would work them out twice.
    """
    coded = lines.filter(lines.product_code.re_search(RANDOM_CODE))
    says = ibis.or_(*(coded[name].notnull() for name in MARKS), coded.resource.re_search(BEDROCK_ARN).fill_null(NOT))
    about = coded.mutate(says=says, told_model=_is_model(coded)).filter(ibis._.says)
    told = about.group_by(told_file="source_file", told_code="product_code").agg(told_model=about.told_model.any())
    joined = rows.left_join(told, (rows.source_file == told.told_file) & (rows.product_code == told.told_code))
    known = joined.mutate(
        **{is_model: joined[is_model] | joined.told_model.fill_null(NOT)},
        is_unknown_product=joined.product_code.re_search(RANDOM_CODE).fill_null(NOT) & joined.told_code.isnull(),
    )
    return staged(known.drop("told_file", "told_code", "told_model"))


def _is_model(lines: ir.Table) -> ir.BooleanValue:
    product = product_in(ibis.coalesce(lines.product_name, lines.older_product_name))
    marks = (product.notnull(), lines.usage_type.re_search(TOKENS), lines.resource.re_search(BEDROCK_ARN))
    return ibis.or_(*(mark.fill_null(NOT) for mark in marks))
