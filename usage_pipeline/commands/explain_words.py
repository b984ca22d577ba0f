"""`explain` for people: the total, one level down each time, then the lines, each with file, line, price and rule."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from usage_pipeline.commands.output import Output

NOTHING = "–"


def show(document: Mapping[str, Any], output: Output) -> None:
    """Print it."""
    total, currency = document["total"], document["currency"]
    asked = ", ".join(f"{name} {value if value is not None else 'none'}" for name, value in document["asked"].items())
    output.heading(f"{document['statement']}{', ' + asked if asked else ''}: {_amount(total['cost'])} {currency}")
    output.say(f"billed {_amount(total['billed_cost'])}, estimated {_amount(total['estimated_cost'])}, {total['requests']:,} requests")
    for words in total["basis"].values():
        output.say(f"basis: {words}")
    if total["unpriced_events"]:
        output.say(f"{total['unpriced_events']:,} requests have no price and are in no amount")
    for name, level in document.items():
        if name.startswith("by_"):
            _level(name.removeprefix("by_"), level, output)
    _bill(document["bill"], output)
    _usage(document["usage"], output)
    _logs(document["logs"], output)
    _left_out(document["left_out"], output)


def _level(name: str, level: Mapping[str, Any], output: Output) -> None:
    rows = [(one["key"], *(_amount(one[column]) for column in ("cost", "billed_cost", "estimated_cost"))) for one in level["rows"]]
    if level["more"]["count"]:
        rows.append((f"{level['more']['count']:,} more", _amount(level["more"]["cost"]), "", ""))
    output.heading(f"By {name}")
    output.table((name, "cost", "billed", "estimated"), rows, numbers=("cost", "billed", "estimated"))


def _bill(lines: Mapping[str, Any], output: Output) -> None:
    if not lines["count"]:
        return
    output.heading(f"Bill lines: {lines['count']:,}, together {lines['whole']}")
    output.table(
        ("amount", "in the file", "what", "file and line", "whose"),
        [*((one["amount"], _in_file(one), _what(one), _place(one), _whose(one)) for one in lines["rows"]), *_more(lines)],
        numbers=("amount",),
    )
    _sum(lines, "billed", output)


def _usage(lines: Mapping[str, Any], output: Output) -> None:
    if not lines["count"]:
        return
    output.heading(f"Usage at our rates: {lines['count']:,} quantities, together {lines['whole']}")
    output.table(
        ("amount", "quantity", "what", "price", "file and line", "whose"),
        [
            *((_amount(one["amount"]), one["quantity"], _what(one), _price(one), _place(one), _whose(one)) for one in lines["rows"]),
            *([(lines["more"]["amount"], "", f"{lines['more']['count']:,} more", "", "", "")] if lines["more"]["count"] else []),
        ],
        numbers=("amount", "quantity"),
    )
    _sum(lines, "estimated", output)
    output.say(f"in the cost: {lines['in_cost']}; beside what a bill says, so not in it: {lines['beside_a_bill']}")


def _logs(lines: Mapping[str, Any], output: Output) -> None:
    if not lines["count"]:
        return
    output.heading(f"Logged requests that only say whose that is: {lines['count']:,} quantities; they add nothing")
    rows = [(one["quantity"], _what(one), one["user"], one["operation"], _place(one)) for one in lines["rows"]]
    output.table(("quantity", "what", "user", "operation", "file and line"), rows, numbers=("quantity",))


def _left_out(out: Mapping[str, Any], output: Output) -> None:
    output.heading("Not in it")
    if not any(one["count"] for one in out.values()):
        output.say("nothing: no older version, replaced record, duplicate or rejected line in these sources on these days")
    for one in out["versions"]["rows"]:
        output.say(f"{one['source']} {_name(one['file'])}, {one['day']}: {one['rows']:,} lines, {one['why']}")
    for one in out["records"]["rows"]:
        output.say(f"{one['source']} {one['place']}: a more complete record is {one['by_place']}")
    for one in out["duplicates"]["rows"]:
        output.say(f"{one['source']} {_name(one['file'])}: {one['lines']:,} lines were known already")
    for one in out["rejected"]["rows"]:
        output.say(f"{one['source']}: {one['lines']:,} lines rejected: {one['meaning']}")
    for name, one in out.items():
        if len(one["rows"]) < one["count"] and name in {"versions", "records"}:
            output.say(f"{one['count'] - len(one['rows']):,} more {name}: --rows shows more")


def _sum(lines: Mapping[str, Any], what: str, output: Output) -> None:
    if lines["elsewhere"] == "0":
        output.say(f"they sum to what is {what}: {lines['amount']}")
    else:
        output.say(f"{lines['whole']} of these lines - {lines['elsewhere']} in other cost rows = {lines['amount']} {what} here")


def _more(lines: Mapping[str, Any]) -> list[tuple[str, ...]]:
    more = lines["more"]
    return [(more["amount"], "", f"{more['count']:,} more", "", "")] if more["count"] else []


def _in_file(one: Mapping[str, Any]) -> str:
    words = str(one["amount_in_file"])
    if one["exchange"]:
        exchange = one["exchange"]
        words += f" {exchange['original_currency']} × {exchange['exchange_rate']} of {exchange['exchange_day']}"
    if one["allocation"]:
        part = one["allocation"]
        words += f"; {part['share']} of {part['of_shares']} {part['rule'] or part['meaning']}"
    return words


def _what(one: Mapping[str, Any]) -> str:
    words = " ".join(str(one[name]) for name in ("day", "channel", "model", "meter") if one[name])
    shared = one["shared_out"]
    return words if shared is None else f"{words} ({shared['here']} of {shared['of']} here)"


def _price(one: Mapping[str, Any]) -> str:
    price = one["price"]
    if price["net_unit_price"] is None:
        return str(price["meaning"])
    words = f"{price['net_unit_price']} a unit"
    return f"{words} ({price['agreement']}; list {price['list_unit_price']})" if price["agreement"] else words


def _place(one: Mapping[str, Any]) -> str:
    return str(one["place"])


def _whose(one: Mapping[str, Any]) -> str:
    rule = one["given_by"]
    if rule is None:
        return str(one["project"] or NOTHING)
    words = f"{one['project']} by {_name(rule['file'])}:{rule['line']} {rule['field']} = {rule['value']}"
    return words if rule["as_computed"] else f"{words}, which now gives {rule['project']}"


def _name(file: str) -> str:
    return PurePath(file).name


def _amount(value: str | None) -> str:
    return "unknown" if value is None else value
