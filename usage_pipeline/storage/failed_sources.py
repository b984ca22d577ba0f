"""Sources whose store gave nothing when files were read last. In: source and words. Out: the same, for what is told after the run."""

import json
from collections.abc import Mapping
from pathlib import Path


def note_failures(file: Path, failures: Mapping[str, str]) -> None:
    """Make `failures` (source to words) what is known; no file where there are none."""
    if not failures:
        file.unlink(missing_ok=True)
        return
    temporary = file.with_name(f".{file.name}.writing")
    temporary.write_text(json.dumps(failures, indent=1), encoding="utf-8")
    temporary.replace(file)


def noted_failures(file: Path) -> dict[str, str]:
    """Source to words, as the last reading noted them."""
    try:
        return {str(source): str(words) for source, words in json.loads(file.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
