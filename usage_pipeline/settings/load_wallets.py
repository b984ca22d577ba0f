"""`wallets:` as values."""

import os
from pathlib import Path

from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_wallets import HOLDERS, WalletShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.tables.wallets import CLIENT, ORGANISATION, Recharge, Wallet


def wallets_of(shaped: UsageFile, document: Document, folder: Path) -> tuple[Wallet, ...]:
    """Every wallet, with its line; a file of entries lies relative to `folder`."""
    clients = {project.id: project.client for project in shaped.projects}
    return tuple(_wallet(one, clients, folder, document.line_of(("wallets", number))) for number, one in enumerate(shaped.wallets))


def _wallet(shape: WalletShape, clients: dict[str, str | None], folder: Path, line: int | None) -> Wallet:
    scope = next((name for name in HOLDERS if getattr(shape, name) is not None), ORGANISATION)
    holder = None if scope == ORGANISATION else getattr(shape, scope)
    recharge = shape.recharge
    return Wallet(
        id=shape.id,
        scope=scope,
        holder=holder,
        unit=shape.unit,
        projects=tuple(name for name, client in clients.items() if client == holder) if scope == CLIENT else (),
        low=shape.low,
        recharge=None
        if recharge is None
        else Recharge(amount=recharge.amount, approve=tuple(recharge.approve), automatic=recharge.automatic),
        first_day=shape.first_day,
        entries=None if shape.entries is None else Path(os.path.normpath(folder / Path(shape.entries).expanduser())),
        line=line,
    )
