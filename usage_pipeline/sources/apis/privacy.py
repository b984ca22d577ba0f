"""What of an answer never lands: mail addresses, and the names of people. Ids stay, for they tell whose usage it was.

Known fields are left out by name; a text anywhere that holds a mail address becomes null, so that a field unknown today lands none.
"""

import re
from typing import Any

PERSONAL = frozenset({"user_email", "email", "email_address", "user_name", "first_name", "last_name", "full_name", "picture"})
"""Fields about a person."""

PEOPLE = frozenset({"user", "owner", "created_by", "actor"})
"""Objects that may describe a person: only what identifies is kept of them."""

OF_PEOPLE = frozenset({"id", "type", "object"})
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def without_personal(value: Any) -> Any:
    """The same value without personal data. Order of fields and the text of numbers are kept."""
    if isinstance(value, dict):
        return {name: _of_person(name, part) for name, part in value.items() if name not in PERSONAL}
    if isinstance(value, list):
        return [without_personal(part) for part in value]
    return None if isinstance(value, str) and ADDRESS.search(value) else value


def _of_person(name: str, part: Any) -> Any:
    if name in PEOPLE and isinstance(part, dict):
        return {key: without_personal(one) for key, one in part.items() if key in OF_PEOPLE}
    return without_personal(part)
