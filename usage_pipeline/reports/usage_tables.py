"""The usage report's printed tables: lines of each dimension in cents that add up, the tail folded into one line, and their total."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.tables import width
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.logged_use import CONVERSATION, PROMPT, Used, is_rest, is_without
from usage_pipeline.tables.summary import known_total

MOST: Mapping[str, int] = {"project": 24, "model": 14, "user": 10, "team": 10, "client": 10, CONVERSATION: 10, PROMPT: 10}
MOST_ELSE = 12
NAME_MOST = 60
PLURALS = {
    "project": "projects", "operation": "operations", "type": "types", "model": "models", "provider": "providers", "user": "users",
    "team": "teams", "client": "clients", "status": "states", CONVERSATION: "conversations", PROMPT: "prompts",
}  # fmt: skip
NOTHING = {"client": "No client", CONVERSATION: "Without a conversation", PROMPT: "Without a prompt", "model": "Model not stated"}
STATES = {"success": "Succeeded", "failure": "Failed", "cache_hit": "Cached answer", "included": "Subscription"}
LONG_ID, LONG_HEAD, LONG_TAIL = 38, 24, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line. `note` stands muted behind the label; `width` is the share bar's."""

    label: str
    note: str = ""
    of: str = ""
    requests: str = ""
    of_requests: str = ""
    tokens: str = ""
    each: str = ""
    credits: str = ""
    width: str = "0%"
    percent: str = ""
    cost: str = ""
    moments: str = ""
    before: str = ""
    moved: str = ""
    up: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Its lines sum to `total`, cent for cent."""

    title: str
    head: str
    lines: tuple[Line, ...]
    total: Line
    has_credits: bool

    @property
    def cost_width(self) -> int:
        """What the cost column needs, in mm."""
        return words.column_width((line.cost for line in (*self.lines, self.total)), 18)


def table_of(facts: UsageFacts, name: str) -> Table:
    """The dearest lines of a dimension, the others together, requests without a key, and the total."""
    lines = facts.by[name]
    cents = money.round_parts([one.known_cost for one in lines])
    keys = [(one, cost) for one, cost in zip(lines, cents, strict=True) if one.key is not None]
    rest = [(one, cost) for one, cost in zip(lines, cents, strict=True) if is_rest(one)]
    without = [(one, cost) for one, cost in zip(lines, cents, strict=True) if is_without(one)]
    most = MOST.get(name, MOST_ELSE)
    shown = len(keys) if len(keys) <= most + 1 and not rest else min(most, len(keys))
    largest = max((_share(one, facts) for one in lines), default=money.ZERO)
    label = LABELS.get(name, _plain)
    printed = [_line(facts, name, label(facts, name, one), one, cost, largest) for one, cost in keys[:shown]]
    if folded := [*keys[shown:], *rest]:
        printed.append(_folded(facts, name, folded))
    printed += [_line(facts, name, _nothing(name), one, cost, largest, muted=True) for one, cost in without]
    total = _sums(facts, "Total", [one for one, _ in zip(lines, cents, strict=True)], known_total(cents))
    has_credits = facts.total.credits is not None or bool(facts.total.uncredited_events)
    return Table(title=f"By {name}", head=name.capitalize(), lines=tuple(printed), total=total, has_credits=has_credits)


def project_label(facts: UsageFacts, key: str | None) -> str:
    if key == UNATTRIBUTED or key is None:
        return words.UNKNOWN["project"]
    known = next((words.project_name(one) for one in facts.projects if one.id == key), None)
    return words.clean(known or key, NAME_MOST)


def credits_text(value: Decimal | None) -> str:
    return words.NONE if value is None else words.count(value)


def each_text(value: Decimal | None, currency: str) -> str:
    """What one costs, in four decimals; '–' where nothing with a price is."""
    if value is None:
        return words.NONE
    smallest = Decimal("0.0001")
    return f"<{words.amount(smallest, currency, 4)}" if 0 < value < smallest / 2 else words.amount(value, currency, 4)


def _plain(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001 — one shape for all labels
    return words.clean(words.name_of(name, one.key), NAME_MOST)


def _project(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001
    return project_label(facts, one.key)


def _id(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001
    return words.middle_cut(words.clean(one.key or "", NAME_MOST))


def _user(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001
    whole = words.clean(one.key or "", most=256)
    return whole if len(whole) <= LONG_ID else f"{whole[:LONG_HEAD]}…{whole[-LONG_TAIL:]}"


def _named(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001
    return words.clean(one.key or "", NAME_MOST)


def _status(facts: UsageFacts, name: str, one: Used) -> str:  # noqa: ARG001
    return STATES.get(one.key or "", words.clean(one.key or "", NAME_MOST))


LABELS: Mapping[str, Callable[[UsageFacts, str, Used], str]] = {
    "project": _project, "user": _user, CONVERSATION: _id, PROMPT: _named, "client": _named, "status": _status,
}  # fmt: skip


def _nothing(name: str) -> str:
    return NOTHING.get(name) or words.UNKNOWN.get(name, f"No {name}")


def _line(facts: UsageFacts, name: str, label: str, one: Used, cost: Decimal | None, largest: Decimal, *, muted: bool = False) -> Line:
    before = facts.prompts_before.get((one.key or "", one.of or "")) if name == PROMPT and one.key is not None else None
    of = "" if one.of is None else project_label(facts, one.of) if name in {CONVERSATION, PROMPT} else words.name_of("provider", one.of)
    compares = name == PROMPT and one.key is not None and facts.before is not None
    old = None if before is None else before.known_cost
    return Line(
        label=label or repr(one.key),
        note=f"{words.count(one.unpriced_events)} unpriced" if one.unpriced_events and cost is not None else "",
        of=of,
        requests=words.count(one.requests),
        of_requests=_of_requests(one.requests, facts),
        tokens=words.compact(one.tokens) if one.tokens else words.NONE,
        each=each_text(one.cost_each, facts.currency) if cost is not None else words.NONE,
        credits=credits_text(one.credits),
        width=width(_share(one, facts), largest),
        percent=_percent(one.known_cost, facts),
        cost=words.amount(cost, facts.currency),
        moments=_moments(one),
        before=words.amount(old, facts.currency) if old is not None else (words.NONE if compares else ""),
        moved=words.change(one.known_cost or money.ZERO, old or money.ZERO, 0) if compares and one.known_cost is not None else "",
        up=compares and old is not None and (one.known_cost or money.ZERO) > old,
        muted=muted or one.key == UNATTRIBUTED,
    )


def _folded(facts: UsageFacts, name: str, parts: Sequence[tuple[Used, Decimal | None]]) -> Line:
    members = sum(one.members for one, _ in parts)
    label = f"{words.count(members)} other {PLURALS[name] if members != 1 else name}"
    return _sums(facts, label, [one for one, _ in parts], known_total(cost for _, cost in parts), muted=True)


def _sums(facts: UsageFacts, label: str, parts: Sequence[Used], cost: Decimal | None, *, muted: bool = False) -> Line:
    requests, tokens = sum(one.requests for one in parts), sum(one.tokens for one in parts)
    priced, known = sum(one.priced_requests for one in parts), known_total(one.known_cost for one in parts)
    unpriced = sum(one.unpriced_events for one in parts)
    each = money.in_proportion(known, Decimal(1), Decimal(priced)) if known is not None and priced else None
    return Line(
        label=label,
        note=f"{words.count(unpriced)} unpriced" if unpriced and cost is not None else "",
        requests=words.count(requests),
        of_requests=_of_requests(requests, facts),
        tokens=words.compact(tokens) if tokens else words.NONE,
        each=each_text(each, facts.currency),
        credits=credits_text(known_total(one.credits for one in parts)),
        percent=_percent(known, facts),
        cost=words.amount(cost, facts.currency),
        muted=muted,
    )


def _share(one: Used, facts: UsageFacts) -> Decimal:
    whole = facts.total.cost or money.ZERO
    return money.percent(one.known_cost or money.ZERO, whole)


def _percent(cost: Decimal | None, facts: UsageFacts) -> str:
    return words.NONE if cost is None or not facts.total.cost else words.percent(money.percent(cost, facts.total.cost))


def _of_requests(requests: int, facts: UsageFacts) -> str:
    return words.NONE if not facts.total.requests else words.percent(money.percent(Decimal(requests), Decimal(facts.total.requests)))


def _moments(one: Used) -> str:
    """'21 Oct 11:50 – 12:40', '21 Oct 23:50 – 22 Oct 00:10', '21 Oct 11:50'."""
    if one.first is None or one.last is None:
        return ""
    begun = f"{words.short_day(one.first.date())} {one.first:%H:%M}"
    if f"{one.first:%Y%m%d%H%M}" == f"{one.last:%Y%m%d%H%M}":
        return begun
    ended = f"{one.last:%H:%M}"
    return f"{begun} – {ended}" if one.first.date() == one.last.date() else f"{begun} – {words.short_day(one.last.date())} {ended}"
