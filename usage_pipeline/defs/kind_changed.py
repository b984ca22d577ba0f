"""Files that count as another kind than their source is of now. In: the ledger's contents. Out: the finding about them.

They are not read again: their lines would count twice, once as each kind (storage/kinds.py).
"""

from collections import defaultdict
from collections.abc import Sequence

from usage_pipeline.defs.counted_contents import Content
from usage_pipeline.defs.finding import Finding, files_told
from usage_pipeline.settings import Settings


def kind_changed(settings: Settings, counted: Sequence[Content]) -> Finding | None:
    """Of sources in usage.yaml; `counted` are the contents that count on the days asked for."""
    kinds = {spec.name: spec.kind for spec in settings.sources}
    found: dict[tuple[str, str], list[Content]] = defaultdict(list)
    for one in counted:
        if one.kind != kinds.get(one.source, one.kind):
            found[one.source, one.kind].append(one)
    if not found:
        return None
    told = "; ".join(_in_words(source, kind, kinds[source], contents) for (source, kind), contents in found.items())
    words = (
        f"{told}. What was read counts on as the kind that it was read as, new files count as the new one. Set `kind` back and name all"
        " files of the source under its `exclude`, and give the new kind a source of its own with a new name, which reads them anew."
    )
    return Finding(code="kind_changed", blocks=True, count=sum(map(len, found.values())), amount=None, words=words)


def _in_words(source: str, kind: str, now: str, contents: Sequence[Content]) -> str:
    rows = sum(one.rows for one in contents)
    uris = files_told(sorted({uri for one in contents for uri in one.uris}))
    return (
        f"{source} is `kind: {now}` in usage.yaml and was read as `kind: {kind}` before ({rows:,} {'row' if rows == 1 else 'rows'}: {uris})"
    )
