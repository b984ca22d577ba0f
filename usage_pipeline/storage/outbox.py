"""The outbox: messages as files, written once and whole. Whoever carries them away never sees half of one."""

import os
import tempfile
from pathlib import Path

from usage_pipeline.errors import ContractError


def write_message(folder: Path, name: str, content: bytes) -> Path:
    """Write `content` as `folder/name`, which is created if need be; gives back its path.

    The same message again changes nothing. Raises ContractError for a name that leads out of the folder or hides the file, and for
    another message under a name that is taken: a message that was written may have been sent.
    """
    if not name or name.startswith(".") or any(one in "/\\" or ord(one) < ord(" ") for one in name):
        raise ContractError(f"{name!r} cannot name a message: no separators, no control characters, no dot in front")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    descriptor, beside = tempfile.mkstemp(dir=folder, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, target)  # unlike a rename it fails where the name is taken
    except FileExistsError:
        if target.read_bytes() != content:
            raise ContractError(f"{target} is there already and says something else; a message is never rewritten") from None
    finally:
        Path(beside).unlink()
    return target
