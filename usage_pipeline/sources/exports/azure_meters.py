"""What Azure's meter names mean. They follow no grammar, so they are listed one by one; another one stays 'unmapped'."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.meters import UNMAPPED


@dataclass(frozen=True, slots=True)
class AzureMeter:
    """One meter name: what it charges, for which model, in which tier. Unverified names are made by analogy to those seen."""

    name: str
    meter: str
    model: str | None
    tier: str | None = None
    verified: bool = True


AZURE_METERS: tuple[AzureMeter, ...] = (
    AzureMeter("gpt-4o-mini-0718-Inp-glbl Tokens", "input", "gpt-4o-mini-2024-07-18"),
    AzureMeter("gpt-4o-mini-0718-Outp-glbl Tokens", "output", "gpt-4o-mini-2024-07-18", verified=False),
    AzureMeter("gpt 4o mini 0718 cached Inp glbl Tokens", "cache_read", "gpt-4o-mini-2024-07-18"),
    AzureMeter("gpt-4o-0806-Inp-regnl Tokens", "input", "gpt-4o-2024-08-06", verified=False),
    AzureMeter("gpt-4o-0806-Outp-regnl Tokens", "output", "gpt-4o-2024-08-06"),
    AzureMeter("gpt 4.1 mini Batch Inp glbl Tokens", "input", "gpt-4.1-mini", "batch"),
    AzureMeter("gpt 4.1 mini Batch Outp glbl Tokens", "output", "gpt-4.1-mini", "batch", verified=False),
    AzureMeter("o4-mini 0416 Inp Data Zone Tokens", "input", "o4-mini-2025-04-16"),
    AzureMeter("o4-mini 0416 Outp Data Zone Tokens", "output", "o4-mini-2025-04-16", verified=False),
    AzureMeter("GPT 5 Mini Inpt Glbl 1M Tokens", "input", "gpt-5-mini"),
    AzureMeter("GPT 5 Mini cchd Inpt Glbl 1M Tokens", "cache_read", "gpt-5-mini"),
    AzureMeter("GPT 5 Mini outpt Glbl 1M Tokens", "output", "gpt-5-mini", verified=False),
    AzureMeter("GPT 5 Mini Inpt DZone 1M Tokens", "input", "gpt-5-mini", verified=False),
    AzureMeter("GPT 5 Mini cchd Inpt DZone 1M Tokens", "cache_read", "gpt-5-mini", verified=False),
    AzureMeter("GPT 5 Mini outpt DZone 1M Tokens", "output", "gpt-5-mini", verified=False),
    AzureMeter("GPT 5 Inpt Glbl 1M Tokens", "input", "gpt-5", verified=False),
    AzureMeter("GPT 5 cchd Inpt Glbl 1M Tokens", "cache_read", "gpt-5", verified=False),
    AzureMeter("GPT 5 outpt Glbl 1M Tokens", "output", "gpt-5", verified=False),
    AzureMeter("GPT 5 Inpt DZone 1M Tokens", "input", "gpt-5", verified=False),
    AzureMeter("GPT 5 outpt DZone 1M Tokens", "output", "gpt-5"),
    AzureMeter("5.4 inp Dz 1M Tokens", "input", "gpt-5.4"),
    AzureMeter("5.4 longco opt Gl", "output", "gpt-5.4"),
    AzureMeter("5 mini pp Inp Gl 1M Tokens", "input", "gpt-5-mini", "priority"),
    AzureMeter("54 mini Inp Flex Gl", "input", "gpt-5.4-mini", "flex"),
    AzureMeter("6-sol ShortCo Cd Wr Std Gl", "cache_write", None),
    AzureMeter("Code-Interpreter-global", "code_sessions", None),
)
"""Meters of a model in all its regions and tiers are separate lines of Azure's price list, and so here."""


def azure_meter_columns(name: ir.StringValue) -> dict[str, ir.StringValue]:
    """Columns `meter` ('unmapped' where the name is not listed), `model` and `tier` of a meter's name, in any case of letters."""
    known, null = name.lower(), ibis.null("string")
    return {
        "meter": known.cases(*((one.name.lower(), one.meter) for one in AZURE_METERS), else_=UNMAPPED),
        "model": known.cases(*((one.name.lower(), one.model) for one in AZURE_METERS if one.model), else_=null),
        "tier": known.cases(*((one.name.lower(), one.tier) for one in AZURE_METERS if one.tier), else_=null),
    }
