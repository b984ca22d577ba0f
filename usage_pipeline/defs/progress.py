"""How far a long run is: assets tell whoever listens, and nobody listens in Dagster's own processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Progress(Protocol):
    """Told `stage` whenever something of it is done: `done` of `total`, or of an unknown number where total is 0."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def _silence(stage: str, done: int, total: int) -> None:
    """Nobody listens."""


_listener: ContextVar[Progress] = ContextVar("progress", default=_silence)


@contextmanager
def reporting_to(listener: Progress) -> Iterator[None]:
    """Within this block, `tell` tells `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(stage: str, done: int = 0, total: int = 0) -> None:
    """Say how far `stage` is."""
    _listener.get()(stage, done, total)
