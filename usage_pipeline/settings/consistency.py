"""What the parts of usage.yaml say of each other: names that are used are declared, and once.

It looks at the document itself and not at the shaped values, so that it finds its problems beside those of single fields.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.consistency_book import shared_cost_problems
from usage_pipeline.settings.consistency_budgets import budget_problems
from usage_pipeline.settings.consistency_channels import channel_problems
from usage_pipeline.settings.consistency_deliveries import delivery_problems
from usage_pipeline.settings.consistency_wallets import wallet_problems
from usage_pipeline.settings.document import Document, Place
from usage_pipeline.settings.shape import TAG, VALUE
from usage_pipeline.storage.landing_pattern import is_literal
from usage_pipeline.tables.labels import IDS, LONGEST_ID, LONGEST_NAME, MANY_WORDS, MOST_WORDS, may_stand, names_content


def contradictions(document: Document, kinds: Collection[str], pulled: Collection[str]) -> list[Problem]:
    """Every problem between parts of the document. `kinds` are the known kinds of source, `pulled` those that have an API."""
    content = document.content
    projects = _names(content, "projects", "id")
    sources = _names(content, "sources", "name")
    return [
        *_twice(document, "projects", "id"),
        *_twice(document, "sources", "name"),
        *_undeclared(document, "attribution", "project", {*projects, VALUE}, "project"),
        *_undeclared(document, "attribution", "source", sources, "source"),
        *_undeclared(document, "prices", "project", projects, "project"),
        *_undeclared(document, "credits", "project", projects, "project"),
        *_overlapping(document, "aliases", ("name", "provider"), "alias"),
        *_overlapping(document, "request_limits", ("project", "operation", "model", "channel"), "limit"),
        *_overlapping(document, "credits", ("operation", "model", "provider", "project"), "credit rule"),
        *shared_cost_problems(document, projects, sources),
        *channel_problems(document, projects),
        *_unknown_kinds(document, kinds),
        *_path_or_api(document, pulled),
        *_stores(document),
        *_tags_left_out(document),
        *_values_left_out(document),
        *budget_problems(document, projects),
        *wallet_problems(document, projects),
        *delivery_problems(document, projects),
    ]


def suggestion(word: str, known: Collection[str]) -> str:
    """`; did you mean 'owners'?`, or nothing where nothing is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _entries(content: Any, section: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The mappings listed in a section, as far as it is a list of mappings."""
    listed = content.get(section) if isinstance(content, dict) else None
    for number, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield (section, number), entry


def _names(content: Any, section: str, key: str) -> set[str]:
    return {entry[key] for _, entry in _entries(content, section) if isinstance(entry.get(key), str)}


def _twice(document: Document, section: str, key: str) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for place, entry in _entries(document.content, section):
        name = entry.get(key)
        if isinstance(name, str) and first.setdefault(name, place) != place:
            yield document.problem((*place, key), f"{name!r} is declared twice; the first is on line {document.line_of(first[name])}")


def _undeclared(document: Document, section: str, key: str, known: Collection[str], what: str) -> Iterator[Problem]:
    for place, entry in _entries(document.content, section):
        name = entry.get(key)
        if isinstance(name, str) and name not in known:
            yield document.problem((*place, key), f"no {what} {name!r} is declared{suggestion(name, known)}")


def _overlapping(document: Document, section: str, keys: Collection[str], what: str) -> Iterator[Problem]:
    """Two entries about the same thing whose days overlap. Days that are none are told by the shape."""
    seen: dict[tuple[Any, ...], list[tuple[Place, str, str]]] = {}
    for place, entry in _entries(document.content, section):
        start, end = (str(entry.get(name) or last) for name, last in (("valid_from", "0000"), ("valid_to", "9999")))
        same = seen.setdefault(tuple(entry.get(key) for key in keys), [])
        for other, from_day, to_day in same:
            if max(start, from_day) < min(end, to_day):
                yield document.problem(
                    place,
                    f"holds for the same usage at the same time as the {what} on line {document.line_of(other)}: give them dates apart",
                )
        same.append((place, start, end))


def _unknown_kinds(document: Document, kinds: Collection[str]) -> Iterator[Problem]:
    for place, entry in _entries(document.content, "sources"):
        kind = entry.get("kind")
        if isinstance(kind, str) and kind not in kinds:
            hint = suggestion(kind, kinds) or f"; known are {', '.join(sorted(kinds))}"
            yield document.problem((*place, "kind"), f"{kind!r} is no kind of source{hint}")


def _path_or_api(document: Document, pulled: Collection[str]) -> Iterator[Problem]:
    """A source says where its files lie, or that it is pulled; only some kinds can be."""
    for place, entry in _entries(document.content, "sources"):
        path, api, kind = entry.get("path"), entry.get("api"), entry.get("kind")
        if path is not None and api is not None:
            yield document.problem((*place, "api"), "a source has a path (its files) or an api (it is pulled), not both")
        elif path is None and api is None:
            hint = ", or api: {} to have it pulled" if kind in pulled else ""
            yield document.problem((*place, "path"), f"it is missing{hint}")
        elif api is not None and isinstance(kind, str) and kind not in pulled:
            yield document.problem((*place, "api"), f"{kind} is not pulled: give the path of its files; {', '.join(sorted(pulled))} are")


def _tags_left_out(document: Document) -> Iterator[Problem]:
    """Rules on tags that no source of theirs keeps."""
    sources = {entry.get("name"): (place, entry) for place, entry in _entries(document.content, "sources")}
    for place, entry in _entries(document.content, "attribution"):
        field, named = entry.get("field"), entry.get("source")
        if not isinstance(field, str) or not field.startswith(TAG) or (named is not None and named not in sources):
            continue
        key = field.removeprefix(TAG)
        asked = list(sources.values()) if named is None else [sources[named]]
        if not asked or any(_keeps(one, key) for _, one in asked):
            continue
        at, source = asked[0]
        mend = f"add {key!r} to the tags of source {source.get('name')!r} (line {document.line_of((*at, 'tags'))})"
        if source.get("tags") is None:
            why = f"what stands under a key such as {key!r} may be a prompt or an answer, and is left out"
            mend = (
                f"if it is a label, list it in the tags of source {source.get('name')!r}, with the others that you use: tags: [{key}, ...]"
            )
        else:
            why = f"the tag {key!r} is left out by the source's tags" if named else f"the tag {key!r} is left out by every source's tags"
        yield document.problem((*place, "field"), f"{why}: the rule would never hold; {mend}")


def _values_left_out(document: Document) -> Iterator[Problem]:
    """Rules on a value that no line keeps."""
    for place, entry in _entries(document.content, "attribution"):
        field, value = entry.get("field"), entry.get("equals")
        if not isinstance(field, str) or not isinstance(value, str):
            continue
        column = None if field.startswith(TAG) else field
        if not may_stand(value, column):
            bound = f"{LONGEST_NAME} characters on one line" + ("" if column in (None, *MANY_WORDS) else f" and {MOST_WORDS} words")
            bound = f"{LONGEST_ID} characters without a blank" if column in IDS else bound
            words = f"a value is kept up to {bound}, and a longer one is left out: the rule would never hold; match by another field"
            yield document.problem((*place, "equals"), words)


def _keeps(source: dict[str, Any], key: str) -> bool:
    tags = source.get("tags")
    return key in tags if isinstance(tags, list) else not names_content(key)


def _stores(document: Document) -> Iterator[Problem]:
    """Paths at places that are not read, and s3:// without its bucket or what to look for in it."""
    for place, entry in _entries(document.content, "sources"):
        path, listed = entry.get("path"), entry.get("exclude")
        if words := _no_store(path):
            yield document.problem((*place, "path"), words)
        for number, one in enumerate(listed if isinstance(listed, list) else []):
            if words := _no_store(one) or _elsewhere(one, path):
                yield document.problem((*place, "exclude", number), words)


def _no_store(path: Any) -> str:
    """What is wrong with the place that a pattern names; '' where nothing is."""
    scheme, found, rest = path.partition("://") if isinstance(path, str) else ("", "", "")
    bucket, _, keys = rest.partition("/")
    if found and scheme != "s3":
        return f"{scheme}:// is not read: give a local folder or s3://bucket/prefix/*; copy or mount others into a folder"
    if found and not (bucket and keys and is_literal(bucket)):
        return f"{path!r}: write s3://bucket/prefix/*.json, with the bucket's full name"
    return ""


def _elsewhere(pattern: Any, path: Any) -> str:
    """What is wrong with a pattern that can match no file of the source, whose files lie at `path`; '' where nothing is."""
    is_remote = isinstance(path, str) and path.startswith("s3://")
    if not isinstance(pattern, str) or is_remote == pattern.startswith("s3://"):
        return ""
    if is_remote:
        return f"{pattern!r} matches no file of a source in S3: write s3://bucket/prefix/name, as in its path"
    return f"{pattern!r} matches no file of a source whose files lie in a folder: write it as its path is written"
