"""A local server that speaks the documented admin APIs of both providers over given days, and can be told to misbehave.

Buckets are those of sample files; every other day is an empty bucket. `limit` counts buckets; a page token names the day to go on with.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-admin-0123"
OPENAI, ANTHROPIC = "/v1/organization/", "/v1/organizations/"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """A request as it came. `name` is what follows the organisation: costs, usage/completions, cost_report."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]

    @property
    def is_openai(self) -> bool:
        return self.path.startswith(OPENAI)

    @property
    def name(self) -> str:
        return self.path.removeprefix(OPENAI if self.is_openai else ANTHROPIC)

    def one(self, name: str) -> str | None:
        return self.query.get(name, [None])[0]

    @property
    def days(self) -> list[date]:
        """The days asked for, or all that follow a page's token."""
        first, end = (self._day(name) for name in (("start_time", "end_time") if self.is_openai else ("starting_at", "ending_at")))
        asked = [first + DAY * number for number in range((end - first).days)]
        token = self.one("page")
        return [day for day in asked if not token or f"page_{day}" >= token]

    def _day(self, name: str) -> date:
        text = self.one(name) or ""
        moment = datetime.fromtimestamp(int(text), UTC) if self.is_openai else datetime.fromisoformat(text)
        assert moment == moment.replace(hour=0, minute=0, second=0, microsecond=0), "days begin at midnight"
        return moment.date()


@dataclass(frozen=True)
class Answer:
    """What goes back. `sent` is how much of the body is sent before the connection is cut; `after` is how long nothing comes, first."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    after: float = 0

    @classmethod
    def of(cls, document: Any, status: int = 200, **headers: str) -> "Answer":
        return cls(json.dumps(document).encode(), status, {name.replace("_", "-"): value for name, value in headers.items()})


Fault = Callable[[Question, Answer], Answer]
"""What is sent in the place of the right answer."""


@dataclass
class AdminServer:
    """`faults` are used up one a request, the first that `when` holds for; `always` stay."""

    days: dict[str, dict[date, list[dict[str, Any]]]] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page_buckets: int = 1000
    url: str = ""
    asked: list[Question] = field(default_factory=list)
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    always: list[tuple[str, Fault]] = field(default_factory=list)
    hears_groups: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def learn(self, name: str, file: Path) -> None:
        """The buckets of a sample page under `name`."""
        for bucket in json.loads(file.read_text())["data"]:
            start = bucket.get("start_time") or bucket["starting_at"]
            moment = datetime.fromtimestamp(start, UTC) if isinstance(start, int) else datetime.fromisoformat(start)
            self.days.setdefault(name, {}).setdefault(moment.date(), []).extend(bucket["results"])

    def answer(self, question: Question) -> Answer:
        with self.lock:
            self.asked.append(question)
            fault = next((one for one in self.faults if question.name.startswith(one[0])), None)
            if fault:
                self.faults.remove(fault)
            stays = next((one for one in self.always if question.name.startswith(one[0])), None)
        right = self._right(question)
        return (fault or stays or ("", lambda _question, answer: answer))[1](question, right)

    def _right(self, question: Question) -> Answer:
        key = question.headers.get("authorization") if question.is_openai else question.headers.get("x-api-key")
        if key != (f"Bearer {KEY}" if question.is_openai else KEY):
            return Answer.of({"error": {"message": f"Incorrect API key provided: {key}"}}, 401)
        if not question.is_openai and question.headers.get("anthropic-version") != "2023-06-01":
            return Answer.of({"error": {"message": "anthropic-version: header is required"}}, 400)
        if question.name in self.lists:
            return self._list(question)
        if question.one("bucket_width") != "1d" or (question.name.startswith("usage/") and not 1 <= int(question.one("limit") or 0) <= 31):
            return Answer.of({"error": {"message": "bucket_width or limit is out of range"}}, 400)
        days, limit = question.days, min(int(question.one("limit") or 7), self.page_buckets)
        rest = days[limit:]
        return Answer.of(
            {
                "object": "page",
                "data": [self._bucket(question, day) for day in days[:limit]],
                "has_more": bool(rest),
                "next_page": f"page_{rest[0]}" if rest else None,
            }
        )

    def _bucket(self, question: Question, day: date) -> dict[str, Any]:
        results = [dict(one) for one in self.days.get(question.name, {}).get(day, [])]
        groups = question.query.get("group_by" if question.is_openai else "group_by[]", [])
        for result in results:
            for name in {"model", "line_item", "description", "project_id", "workspace_id"} & result.keys():
                asked = "description" if name == "model" and "description" in result else name  # of which it is a part
                if asked not in groups or not self.hears_groups:
                    result[name] = None
        if question.is_openai:
            start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            return {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": results}
        return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day + DAY}T00:00:00Z", "results": results}

    def _list(self, question: Question) -> Answer:
        everything = self.lists[question.name]
        after = question.one("after" if question.is_openai else "after_id")
        ids = [one["id"] for one in everything]
        start = ids.index(after) + 1 if after else 0
        page = everything[start : start + min(int(question.one("limit") or 20), self.page_buckets)]
        more = start + len(page) < len(everything)
        return Answer.of({"data": page, "has_more": more, "last_id": page[-1]["id"] if page else None})

    def names_asked(self, prefix: str = "") -> list[str]:
        return [one.name for one in self.asked if one.name.startswith(prefix)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.admin.answer(Question(parts.path, parse_qs(parts.query), headers))
        time.sleep(answer.after)
        try:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.sent])
        except OSError:  # the client has given up
            self.close_connection = True
        if answer.sent is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    admin: AdminServer


@contextmanager
def serving(admin: AdminServer) -> Iterator[AdminServer]:
    """`admin` on a free port of loopback; its `url` says where."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.admin = admin
    admin.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield admin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def status(code: int, **headers: str) -> Fault:
    return lambda _question, _answer: Answer.of({"error": {"message": "no"}}, code, **headers)


def text(content: str) -> Fault:
    return lambda _question, _answer: Answer(content.encode())


def cut(_question: Question, answer: Answer) -> Answer:
    """Half the body, then the connection is gone."""
    return Answer(answer.body, sent=len(answer.body) // 2)


def silence(seconds: float) -> Fault:
    return lambda _question, answer: Answer(answer.body, after=seconds)


def changed(change: Callable[[Question, dict[str, Any]], None]) -> Fault:
    """The right page, changed in place."""

    def fault(question: Question, answer: Answer) -> Answer:
        document = json.loads(answer.body)
        change(question, document)
        return Answer.of(document)

    return fault


def in_a_circle(_question: Question, document: dict[str, Any]) -> None:
    document |= {"has_more": True, "next_page": "page_again"}
