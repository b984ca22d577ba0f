"""What fields of usage.yaml are checked with: a text is a text, and an error is in our words."""

from typing import Any

from pydantic_core import PydanticCustomError


def wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("usage", "{message}", {"message": message})


def word(value: Any) -> str:
    """A text that says something. Raises in words where it is none."""
    if not isinstance(value, str):
        raise wrong("a text is needed here")
    if not value.strip():
        raise wrong("it is empty; a text is needed here")
    return value
