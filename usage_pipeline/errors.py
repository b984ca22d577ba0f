"""What our own files or callers can get wrong. Each error says what is wrong, where, and how to mend it.

Other people's odd data is never an exception: it becomes a row in `rejected_lines` with a reason code.
"""

from dataclasses import dataclass


class UsageError(Exception):
    """The base of every error that the command line turns into one clear line; exit code 1."""

    exit_code = 1


class UsageConfigError(UsageError):
    """A wrong configuration or wrong usage of a command; exit code 2. Its text lists every problem found."""

    exit_code = 2


class InterruptedRunError(UsageError):
    """Somebody, or the system, stopped a command. What counts enters the database at once or not at all, so nothing half-written does."""

    def __init__(self) -> None:
        super().__init__("interrupted; nothing half-written counts, run it again")


class StoreError(UsageError):
    """A place where a source's files lie does not give them. The other sources go on."""


class StoreConfigError(StoreError, UsageConfigError):
    """The same, where it was asked in a wrong way: a missing bucket, a wrong key."""

    exit_code = 2


class ContractError(UsageError):
    """A stage tried to write rows that do not have the shape its table declares (a bug of ours)."""


class AccountingError(UsageError):
    """Numbers that must be equal are not: lines read, parts of a whole, two renderings of one statement."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.field}: {self.message}"
