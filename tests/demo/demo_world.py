"""What tests of the demo share: a world on disk."""

from dataclasses import dataclass
from pathlib import Path

from usage_pipeline.demo.truth import Truth


@dataclass(frozen=True)
class World:
    """Where it was written, and what is true of it."""

    folder: Path
    truth: Truth
