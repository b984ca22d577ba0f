"""What a child process costs: CPU seconds with its own children, wall seconds, and the most memory it held."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def run_child(arguments: Sequence[str]) -> Cost:
    """Run this Python with `arguments` and wait. The caller should hold little memory: a child's peak begins with its parent's.

    Raises SystemExit where the child fails.
    """
    started = time.monotonic()
    child = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"python {' '.join(arguments)} failed: exit status {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6)
