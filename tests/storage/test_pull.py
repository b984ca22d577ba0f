"""Pulls from a local server that speaks the admin APIs: complete, nothing doubled, and clear where a day cannot be had."""

import glob
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from admin_server import KEY, AdminServer, Answer, Fault, Question, changed, cut, in_a_circle, serving, silence, status, text

from usage_pipeline.periods import Period, inclusive
from usage_pipeline.sources.apis.catalog import APIS
from usage_pipeline.storage.pull import Pull, Pulled, pull
from usage_pipeline.storage.pull_http import Patience
from usage_pipeline.storage.pull_landing import PullLanding, files_of

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
FIRST = date(2026, 10, 1)
WEEK = inclusive(FIRST, date(2026, 10, 7))
DAYS = list(WEEK.days())
NAME = {
    "openai_costs": "costs",
    "openai_usage": "usage/completions",
    "anthropic_cost": "cost_report",
    "anthropic_usage": "usage_report/messages",
}
FOLDER = {"openai_costs": "costs", "anthropic_cost": "cost_report", "anthropic_usage": "usage_report_messages"}
KINDS = list(FOLDER)


def result(kind: str, number: int) -> dict[str, Any]:
    """One line of a bucket; amounts have more digits than a double."""
    digits = f"{number}.240000000000000000000000000000{number:03}"
    if kind == "openai_costs":
        return {
            "object": "organization.costs.result",
            "amount": {"value": digits, "currency": "usd"},
            "line_item": "gpt-5, input",
            "project_id": "proj_1",
        }
    if kind == "anthropic_cost":
        return {"amount": digits, "currency": "USD", "description": "Claude Opus 5 Usage - Input Tokens", "workspace_id": None}
    return {"uncached_input_tokens": number, "output_tokens": 1, "model": "claude-opus-5", "workspace_id": None}


@dataclass
class Desk:
    """A source of one kind that is pulled from the server; sleeps are noted, not slept."""

    server: AdminServer
    home: Path
    kind: str = "openai_costs"
    now: datetime = NOW
    slept: list[float] = field(default_factory=list)
    key: str | None = KEY
    patience: Patience = field(default_factory=lambda: Patience(read=5))
    again_days: int = 0

    def __post_init__(self) -> None:
        self.server.days[NAME[self.kind]] = {day: [result(self.kind, number)] for number, day in enumerate(DAYS, 1)}

    @property
    def landing(self) -> PullLanding:
        return PullLanding(self.home, "bill")

    def pull(self, days: Period = WEEK, *, with_names: bool = False) -> Pulled:
        call = Pull(
            source="bill",
            api=APIS[self.kind],
            url=self.server.url,
            key=self.key,
            key_name="OUR_KEY",
            landing=self.home,
            again_days=self.again_days,
            now=lambda: self.now,
            patience=self.patience,
            sleep=self.slept.append,
        )
        return pull(call, days, with_names=with_names)

    def landed(self) -> dict[date, list[Path]]:
        found: dict[date, list[Path]] = {}
        for path in sorted((self.home / "bill" / FOLDER[self.kind]).glob("day=*/*.json")):
            found.setdefault(date.fromisoformat(path.parent.name.removeprefix("day=")), []).append(path)
        return found

    def complete(self, days: list[date] = DAYS) -> bool:
        """Each day landed once, with its own bucket and numbers to the last digit."""
        landed = self.landed()
        assert list(landed) == days
        for day, files in landed.items():
            (file,) = files
            document = json.loads(file.read_text(), parse_float=str)
            (bucket,) = document["data"]
            assert bucket["results"] == self.server.days[NAME[self.kind]][day]
            assert (document["object"], document["has_more"], document["next_page"]) == ("page", False, None)
        return True

    def fault(self, *faults: Fault) -> None:
        self.server.faults += [(NAME[self.kind], one) for one in faults]


@pytest.fixture
def server() -> Iterator[AdminServer]:
    with serving(AdminServer()) as running:
        yield running


@pytest.fixture
def desk(server: AdminServer, tmp_path: Path) -> Desk:
    return Desk(server, tmp_path)


@pytest.mark.parametrize("page_buckets", [1, 2, 3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_followed_to_the_end(server: AdminServer, tmp_path: Path, kind: str, page_buckets: int) -> None:
    server.page_buckets = page_buckets
    desk = Desk(server, tmp_path, kind)
    done = desk.pull()
    assert (done.asked, done.landed, done.failures) == (7, 7, {})
    assert desk.complete()
    assert len(server.asked) == -(-7 // page_buckets)
    assert desk.slept == []


def test_questions_are_as_documented(server: AdminServer, tmp_path: Path) -> None:
    server.page_buckets = 4
    Desk(server, tmp_path / "a").pull()
    Desk(server, tmp_path / "b", "anthropic_usage").pull()
    openai, openai_next, anthropic, anthropic_next = server.asked
    assert openai.query == {
        "start_time": ["1790812800"], "end_time": ["1791417600"], "bucket_width": ["1d"],
        "group_by": ["project_id", "line_item", "api_key_id"], "limit": ["7"],
    }  # fmt: skip
    assert openai_next.query == openai.query | {"page": ["page_2026-10-05"]}
    assert anthropic.query["starting_at"] == ["2026-10-01T00:00:00Z"]
    assert anthropic.query["ending_at"] == ["2026-10-08T00:00:00Z"]
    assert anthropic.query["group_by[]"] == [
        "account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id", "service_tier", "workspace_id",
    ]  # fmt: skip
    assert anthropic_next.query == anthropic.query | {"page": ["page_2026-10-05"]}


def test_the_ten_usage_endpoints(server: AdminServer, tmp_path: Path) -> None:
    done = Desk(server, tmp_path, "openai_usage").pull()
    assert (done.asked, done.failures) == (70, {})
    folders = sorted(path.name for path in (tmp_path / "bill").iterdir() if path.is_dir())
    assert folders == [
        "audio_speeches", "audio_transcriptions", "code_interpreter_sessions", "completions", "embeddings", "file_search_calls", "images",
        "moderations", "vector_stores", "web_search_calls",
    ]  # fmt: skip
    assert {question.one("limit") for question in server.asked} == {"7"}
    contents = {path.read_bytes() for path in (tmp_path / "bill").rglob("day=*/*.json")}
    assert len(contents) == 70, "an empty day says of which endpoint it is"


TRANSIENT: dict[str, Fault] = {
    "429": status(429),
    "429 Retry-After": status(429, Retry_After="7"),
    "429 Retry-After as a date": status(429, Retry_After="Sat, 21 Nov 2026 10:00:09 GMT", Date="Sat, 21 Nov 2026 10:00:00 GMT"),
    "500": status(500),
    "503": status(503),
    "529": status(529),
    "404": status(404),
    "cut": cut,
    "nothing at all": lambda _question, answer: Answer(answer.body, sent=0),
    "not JSON": text("<html>busy</html>"),
    "half a JSON document": text('{"object": "page", "data": ['),
    "another document": text('{"error": "try later"}'),
    "a list": text("[]"),
    "buckets without results": text('{"data": [{"start_time": 1790812800, "end_time": 1790899200}], "has_more": false}'),
    "buckets without times": text('{"data": [{"results": []}], "has_more": false}'),
    "more without where": text('{"data": [], "has_more": true}'),
    "not UTF-8": lambda _question, _answer: Answer(b'{"data": "\xff"}'),
}


@pytest.mark.parametrize("name", TRANSIENT)
@pytest.mark.parametrize("kind", KINDS)
def test_what_passes_is_asked_again(server: AdminServer, tmp_path: Path, kind: str, name: str) -> None:
    server.page_buckets = 3
    desk = Desk(server, tmp_path, kind)
    desk.fault(lambda _question, answer: answer, TRANSIENT[name], TRANSIENT[name])
    done = desk.pull()
    assert (done.landed, done.failures) == (7, {})
    assert desk.complete()
    assert len(server.asked) == 3 + 2
    wanted = {"429 Retry-After": [7, 7], "429 Retry-After as a date": [9, 9]}.get(name)
    assert desk.slept == wanted if wanted else 0.5 <= desk.slept[0] <= 1 <= desk.slept[1] <= 2


def test_a_silent_server_is_asked_again(desk: Desk) -> None:
    desk.patience = Patience(read=0.2)
    desk.fault(silence(0.6))
    assert desk.pull().failures == {}
    assert desk.complete()


def test_no_sleep_for_longer_than_is_fair(desk: Desk) -> None:
    desk.server.always = [("costs", status(429, Retry_After="86400"))]
    done = desk.pull()
    assert set(done.failures.values()) == {"answered 429, and asks to wait 86,400 seconds"}
    assert (len(desk.server.asked), desk.slept) == (1, [])


def test_truly_down(desk: Desk) -> None:
    desk.server.always = [("costs", status(503))]
    done = desk.pull()
    assert set(done.failures) == {("costs", day) for day in DAYS}
    assert set(done.failures.values()) == {"answered 503, 2 times"}
    assert desk.landed() == {}
    assert sum(desk.slept) < 60
    desk.server.always = []
    assert desk.pull().failures == {}
    assert desk.complete(), "the next run asks for them again"


def test_nobody_there(desk: Desk) -> None:
    url, desk.server.url = desk.server.url, "http://127.0.0.1:9/v1"
    done = desk.pull()
    assert set(done.failures.values()) == {"cannot be reached, or cut the connection, 6 times"}
    assert len(desk.slept) == 5
    desk.server.url = url
    assert desk.pull().failures == {}


def test_given_up_in_bounded_time(server: AdminServer, tmp_path: Path) -> None:
    """Ten endpoints that are all down do not take ten times as long."""
    time = [0.0]
    server.always = [("usage/", status(500))]
    call = Pull(
        source="bill", api=APIS["openai_usage"], url=server.url, key=KEY, key_name="OUR_KEY", landing=tmp_path, again_days=0,
        now=lambda: NOW, clock=lambda: time[0], sleep=lambda seconds: time.__setitem__(0, time[0] + seconds),
    )  # fmt: skip
    done = pull(call, WEEK, with_names=False)
    assert len(done.failures) == 70
    assert 100 < time[0] <= 300
    assert "answered 500; nothing has answered for 300 seconds" in set(done.failures.values())


def test_a_day_that_cannot_be_had_leaves_out_itself_alone(desk: Desk) -> None:
    bad = date(2026, 10, 3)

    def fault(question: Question, answer: Answer) -> Answer:
        return Answer.of({}, 500) if bad in question.days else answer

    desk.server.always = [("costs", fault)]
    done = desk.pull()
    assert done.failures == {("costs", bad): "answered 500, 2 times"}
    assert desk.complete([day for day in DAYS if day != bad])


@pytest.mark.parametrize("variable", [None, "OUR_KEY"], ids=["not set", "wrong"])
@pytest.mark.parametrize("kind", [*KINDS, "openai_usage"])
def test_a_key_that_opens_nothing(server: AdminServer, tmp_path: Path, kind: str, variable: str | None) -> None:
    """One question at most, and words that name the variable and what it must hold."""
    desk = Desk(server, tmp_path, kind, key=variable and "sk-proj-of-a-project")
    done = desk.pull(with_names=True)
    (words,) = set(done.failures.values())
    assert "OUR_KEY" in words
    assert "admin key of the organisation" in words
    assert "sk-proj" not in words
    assert words.startswith("the key is refused (401)" if variable else "the variable OUR_KEY is not set")
    assert len(server.asked) == (1 if variable else 0)
    assert desk.slept == []


def test_a_key_with_a_line_break_is_never_shown(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.key = "sk-admin-canary\nX-Other: 1"
    done = desk.pull()
    (words,) = set(done.failures.values())
    assert words.startswith("the variable OUR_KEY holds blanks or signs that no key has")
    assert (desk.server.asked, "canary" in str(done) + str(capfd.readouterr())) == ([], False)


def test_what_a_server_says_of_a_bad_question_is_told_without_key_and_address(desk: Desk) -> None:
    desk.server.always = [
        ("costs", lambda _question, _answer: Answer.of({"error": {"message": f"Unknown project of ana@example.org for {KEY}: x"}}, 400))
    ]
    assert set(desk.pull().failures.values()) == {"answered 400: Unknown project of … for … x"}
    assert len(desk.server.asked) == 1


def test_the_key_is_not_carried_elsewhere(desk: Desk) -> None:
    with serving(AdminServer()) as other:
        desk.server.always = [("costs", status(302, Location=f"{other.url}/organization/costs"))]
        (words,) = set(desk.pull().failures.values())
        assert words.startswith("answered 302, a redirection")
        assert other.asked == []


def test_a_login_in_netrc_does_not_take_the_place_of_the_key(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ana password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert desk.pull().failures == {}


@pytest.mark.parametrize("page_buckets", [2, 7])
def test_pages_in_a_circle_end(server: AdminServer, tmp_path: Path, page_buckets: int) -> None:
    server.page_buckets = page_buckets
    desk = Desk(server, tmp_path)
    server.always = [("costs", changed(in_a_circle))]
    done = desk.pull()
    assert set(done.failures.values()) == {"its pages go in a circle: has_more with a next_page that was followed already"}
    assert desk.landed() == {}
    assert len(server.asked) < 40


def test_pages_without_end_end(desk: Desk) -> None:
    number = iter(range(1000))
    desk.server.always = [("costs", changed(lambda _question, page: page.update(has_more=True, next_page=f"page_1{next(number)}")))]
    done = desk.pull()
    assert all("pages do not end" in words for words in done.failures.values())
    assert len(done.failures) == 7
    assert len(desk.server.asked) < 60


def without(day: date) -> Fault:
    return changed(lambda question, page: page["data"].__setitem__(slice(None), [one for one in page["data"] if _day(one) != day]))


def _day(bucket: dict[str, Any]) -> date:
    return datetime.fromtimestamp(bucket["start_time"], UTC).date()


def test_a_hole_in_the_buckets_is_an_error_of_that_day(desk: Desk) -> None:
    hole = DAYS[2]
    desk.server.always = [("costs", without(hole))]
    done = desk.pull()
    assert done.failures == {("costs", hole): "the pages have no bucket for it"}
    assert desk.complete([day for day in DAYS if day != hole])
    assert desk.slept == [1, 2]


def test_a_hole_that_closes_is_none(desk: Desk) -> None:
    desk.fault(without(DAYS[2]))
    assert desk.pull().failures == {}
    assert desk.complete()


def test_a_page_that_changes_while_it_is_pulled_is_pulled_again(desk: Desk) -> None:
    """The second page begins with the last bucket of the first, which has grown meanwhile."""
    desk.server.page_buckets = 4
    old = desk.server.days["costs"][DAYS[3]]

    def grown(question: Question, page: dict[str, Any]) -> None:
        start = int(datetime(2026, 10, 4, tzinfo=UTC).timestamp())
        page["data"].insert(
            0, {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": [result("openai_costs", 99)]}
        )
        desk.server.days["costs"][DAYS[3]] = [result("openai_costs", 99)]

    desk.fault(lambda _question, answer: answer, changed(grown))
    done = desk.pull()
    assert (done.failures, desk.slept) == ({}, [1])
    assert desk.server.days["costs"][DAYS[3]] != old
    assert desk.complete()


def test_a_day_twice_is_never_summed(desk: Desk) -> None:
    desk.server.always = [("costs", changed(lambda _question, page: page["data"].append(page["data"][0])))]
    done = desk.pull()
    assert done.failures == {("costs", FIRST): "the pages have it twice"}
    assert desk.complete(DAYS[1:])


def test_a_bucket_that_is_no_day(desk: Desk) -> None:
    desk.server.always = [("costs", changed(lambda _question, page: page["data"][0].update(end_time=page["data"][0]["start_time"] + 3600)))]
    done = desk.pull()
    assert done.failures == {("costs", FIRST): "a bucket from 2026-10-01 00:00 to 2026-10-01 01:00 is no UTC day"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_not_grouped_does_not_land(server: AdminServer, tmp_path: Path, kind: str) -> None:
    desk = Desk(server, tmp_path, kind)
    server.hears_groups = False
    done = desk.pull()
    grouped = {"openai_costs": "line_item", "anthropic_cost": "description", "anthropic_usage": "model"}[kind]
    assert set(done.failures.values()) == {f"no result names its {grouped}: the API left group_by unheard"}
    assert desk.landed() == {}


def test_a_newer_pull_lands_beside_the_older_and_unchanged_days_do_not(desk: Desk) -> None:
    desk.now = datetime(2026, 10, 8, 6, tzinfo=UTC)
    desk.again_days = 7
    desk.pull()
    desk.server.days["costs"][DAYS[6]] = [result("openai_costs", 42)]
    desk.now += timedelta(hours=6)
    done = desk.pull()
    assert (done.asked, done.landed) == (7, 1)
    assert {day: len(files) for day, files in desk.landed().items()} == dict.fromkeys(DAYS, 1) | {DAYS[6]: 2}
    older, newer = desk.landed()[DAYS[6]]
    assert [path.name for path in (older, newer)] == ["2026-10-08T060000.000000Z.json", "2026-10-08T120000.000000Z.json"]
    assert [path.stat().st_mtime for path in (older, newer)] == [(desk.now - timedelta(hours=6)).timestamp(), desk.now.timestamp()]
    assert "42.24" in newer.read_text()
    assert desk.pull().asked == 0, "answered just now"


def test_a_number_that_goes_back_lands_again(desk: Desk) -> None:
    """The older of two equal files is not the newest word: the newest is."""
    desk.again_days = 7
    desk.now = datetime(2026, 10, 8, 6, tzinfo=UTC)
    first = desk.server.days["costs"][DAYS[6]]
    for results in (first, [result("openai_costs", 42)], first):
        desk.server.days["costs"][DAYS[6]] = results
        assert desk.pull().landed in {1, 7}
        desk.now += timedelta(hours=1)
    contents = [path.read_bytes() for path in desk.landed()[DAYS[6]]]
    assert contents[0] == contents[2] != contents[1]


def test_final_days_are_left_alone_and_others_are_not(desk: Desk) -> None:
    desk.again_days = 7
    assert desk.pull().asked == 7 + 7, "the days of the run, and the last seven"
    desk.now += timedelta(days=1)
    assert desk.pull().asked == 7, "of October everything is final"
    desk.now = datetime(2026, 10, 6, tzinfo=UTC)
    (desk.home / "bill" / "pulls.json").unlink()
    assert desk.pull(inclusive(FIRST, FIRST)).asked == 7, "September, and nothing is known of when the first was asked for"
    desk.now = datetime(2026, 11, 30, tzinfo=UTC)
    assert desk.pull(inclusive(FIRST, FIRST)).asked == 1 + 7, "it was asked for when it was five days old, and may have been restated"


def test_a_day_that_was_deleted_from_the_landing_zone_is_pulled_again(desk: Desk) -> None:
    desk.pull()
    desk.landed()[FIRST][0].unlink()
    desk.now += timedelta(hours=1)
    assert (desk.pull().landed, desk.complete()) == (1, True)


def test_a_day_that_fails_keeps_what_landed_before(desk: Desk) -> None:
    desk.now, desk.again_days = datetime(2026, 10, 8, 6, tzinfo=UTC), 7
    desk.pull()
    desk.now += timedelta(hours=1)
    desk.server.always = [("costs", status(500))]
    assert len(desk.pull().failures) == 7
    assert desk.complete()
    asked = desk.landing.asked()["costs", FIRST]
    assert (asked.failure, asked.answered_at) == ("answered 500, 2 times", desk.now - timedelta(hours=1))


def test_the_day_that_runs_may_be_part_of_a_day_or_missing(desk: Desk) -> None:
    desk.now = datetime(2026, 10, 7, 15, tzinfo=UTC)
    noon = int(datetime(2026, 10, 7, 15, tzinfo=UTC).timestamp())
    desk.server.always = [("costs", changed(lambda _question, page: page["data"][-1].update(end_time=noon)))]
    assert (desk.pull().failures, desk.complete()) == ({}, True)
    desk.now += timedelta(hours=1)
    desk.server.always = [("costs", without(DAYS[6]))]
    assert desk.pull().failures == {}


def test_days_that_lie_ahead_are_not_asked_for(desk: Desk) -> None:
    desk.now = datetime(2026, 10, 3, 12, tzinfo=UTC)
    assert desk.pull().asked == 3


def test_what_was_left_by_a_kill_is_no_file_of_the_source(desk: Desk) -> None:
    desk.pull()
    beside = desk.landed()[FIRST][0]
    beside.with_name(f".{beside.name}.123").write_text('{"data": [')
    (desk.home / "bill" / "names" / "projects").mkdir(parents=True)
    (desk.home / "bill" / "names" / "projects" / "2026-10-01.json").write_text("{}")
    (desk.home / "bill" / "pulls.json").write_text("[{")
    found = [str(path) for path in desk.home.glob("bill/**/*") if path.is_file()]
    assert len(found) == 7 + 3
    matched = sorted(glob.glob(files_of(desk.home, "bill"), recursive=True))  # noqa: PTH207 - as the landing zone lists
    assert matched == [str(files[0]) for files in desk.landed().values()]
    desk.now += timedelta(hours=1)
    assert desk.pull().asked == 7, "a note that does not read costs a pull more"


def test_two_pulls_at_once_land_nothing_twice(server: AdminServer, tmp_path: Path) -> None:
    desks = [Desk(server, tmp_path, now=NOW + timedelta(milliseconds=number)) for number in range(4)]
    with ThreadPoolExecutor() as pool:
        assert all(not done.failures for done in pool.map(Desk.pull, desks))
    for files in desks[0].landed().values():
        assert len({path.read_bytes() for path in files}) == 1
    assert list(desks[0].landed()) == DAYS


def test_anthropic_is_not_asked_faster_than_it_likes(server: AdminServer, tmp_path: Path) -> None:
    """Thirty pages in a row, then one a minute."""
    time = [0.0]
    server.page_buckets = 1
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += seconds

    call = Pull(
        source="bill", api=APIS["anthropic_cost"], url=server.url, key=KEY, key_name="OUR_KEY", landing=tmp_path, again_days=0,
        now=lambda: NOW, clock=lambda: time[0], sleep=sleep,
    )  # fmt: skip
    done = pull(call, inclusive(FIRST, date(2026, 11, 2)), with_names=False)
    assert (done.landed, done.failures) == (33, {})
    assert slept == [60.0] * 3


PROJECTS = [
    {"id": "proj_1", "object": "organization.project", "name": "portal", "created_at": 1770812800, "archived_at": None, "status": "active"},
    {"id": "proj_2", "object": "organization.project", "name": "of ana@example.org", "created_at": 1770812801, "status": "active"},
    {"id": "proj_3", "object": "organization.project", "name": "old", "created_at": 1, "archived_at": 1770812802, "status": "archived"},
]
KEY_OF_ANA = {
    "object": "organization.project.api_key", "redacted_value": "sk-proj-****Xk0A", "name": "prod", "created_at": 1781812800, "id": "key_1",
    "owner": {"type": "user", "user": {"id": "user-1", "name": "Ana Canary", "email": "ana@example.org"}},
}  # fmt: skip


def entry(id_: str, name: str | None, state: str, created: str, archived: str | None = None, **of: str | None) -> dict[str, str | None]:
    return {"id": id_, "name": name, "status": state, "created_at": created, "archived_at": archived, **of}


def test_names_land_once_a_day_with_nothing_but_names(server: AdminServer, tmp_path: Path) -> None:
    server.page_buckets = 2
    server.lists = {
        "projects": PROJECTS,
        "projects/proj_1/api_keys": [KEY_OF_ANA, KEY_OF_ANA | {"id": "key_0"}, KEY_OF_ANA | {"id": "key_2"}],
        "projects/proj_2/api_keys": [],
    }
    desk = Desk(server, tmp_path)
    assert desk.pull(with_names=True).failures == {}
    today = NOW.date()
    assert desk.landing.names("projects", today) == {
        "object": "names", "provider": "OpenAI", "what": "projects", "day": "2026-11-21",
        "data": [
            entry("proj_1", "portal", "active", "2026-02-11T12:26:40Z"),
            entry("proj_2", None, "active", "2026-02-11T12:26:41Z"),
            entry("proj_3", "old", "archived", "1970-01-01T00:00:01Z", "2026-02-11T12:26:42Z"),
        ],
    }  # fmt: skip
    keys = desk.landing.names("api_keys", today)["data"]
    assert [one["id"] for one in keys] == ["key_0", "key_1", "key_2"]
    assert keys[1] == entry("key_1", "prod", "active", "2026-06-18T20:00:00Z", project_id="proj_1")
    assert server.names_asked("projects") == ["projects"] * 2 + ["projects/proj_1/api_keys"] * 2 + ["projects/proj_2/api_keys"]
    assert server.asked[-4].query["include_archived"] == ["true"]
    asked = len(server.asked)
    desk.now += timedelta(hours=2)
    desk.pull(with_names=True)
    assert len(server.asked) == asked


def test_names_of_anthropic(server: AdminServer, tmp_path: Path) -> None:
    space = {"id": "wrkspc_1", "type": "workspace", "name": "portal", "created_at": "2025-11-03T08:00:00.5Z", "archived_at": None}
    key = {"id": "apikey_1", "name": "prod", "workspace_id": None, "created_at": "2026-01-12T10:00:00+02:00", "status": "inactive"}
    server.lists = {
        "workspaces": [space],
        "api_keys": [key | {"created_by": {"id": "user_1", "type": "user"}, "partial_key_hint": "sk-ant-api03-R2D...igAA"}],
    }
    desk = Desk(server, tmp_path, "anthropic_cost")
    assert desk.pull(with_names=True).failures == {}
    assert desk.landing.names("workspaces", NOW.date())["data"] == [entry("wrkspc_1", "portal", "active", "2025-11-03T08:00:00Z")]
    assert desk.landing.names("api_keys", NOW.date())["data"] == [
        entry("apikey_1", "prod", "inactive", "2026-01-12T08:00:00Z", workspace_id=None)
    ]


def test_names_that_cannot_be_had_land_nothing_and_stop_nothing(server: AdminServer, tmp_path: Path) -> None:
    server.lists = {"projects": PROJECTS, "projects/proj_1/api_keys": [KEY_OF_ANA]}
    server.always = [("projects/proj_2", status(500))]
    desk = Desk(server, tmp_path)
    done = desk.pull(with_names=True)
    assert done.failures == {("names/api_keys", NOW.date()): "answered 500, 6 times"}
    assert desk.complete()
    assert (desk.landing.has_names("projects", NOW.date()), desk.landing.has_names("api_keys", NOW.date())) == (True, False)
    server.always, server.lists = [], server.lists | {"projects/proj_2/api_keys": []}
    assert desk.pull(with_names=True).failures == {}
    assert desk.landing.has_names("api_keys", NOW.date())


def test_a_list_in_a_circle_ends(server: AdminServer, tmp_path: Path) -> None:
    server.lists = {"projects": PROJECTS}
    server.always = [("projects", changed(lambda _question, page: page.update(has_more=True, last_id="proj_1")))]
    done = Desk(server, tmp_path).pull(with_names=True)
    assert done.failures["names/projects", NOW.date()] == "its pages go in a circle: has_more, and nothing new"


CANARY = "canary7f3a"


@pytest.mark.parametrize("kind", KINDS)
def test_no_person_and_no_key_lands(server: AdminServer, tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A canary in every field that may hold personal data, in a field that nobody knows yet, and in the key."""
    person = {"id": "user-1", "name": f"Ana {CANARY}", "email": f"{CANARY}@example.org"}
    server.lists = {
        name: [{"id": "x", "name": f"{CANARY}@example.org", "redacted_value": CANARY, "partial_key_hint": CANARY, "owner": {"user": person},
                "created_by": person, "status": "active"}]
        for name in ("projects", "projects/x/api_keys", "workspaces", "api_keys")
    }  # fmt: skip
    desk = Desk(server, tmp_path, kind)
    for results in server.days[NAME[kind]].values():
        results[0] |= {
            "user_id": "user-1", "user_email": CANARY, "email_address": CANARY, "user_name": CANARY, "user": person, "actor": person,
            "new_field": {"deep": [f"by {CANARY}@example.org"]},
        }  # fmt: skip
    assert desk.pull(with_names=True).failures == {}
    desk.key, desk.now = f"sk-{CANARY}", NOW + timedelta(days=1)
    assert desk.pull(with_names=True).failures == {
        ("names/projects" if kind == "openai_costs" else "names/workspaces", desk.now.date()): desk_refusal(kind)
    } | {("names/api_keys", desk.now.date()): desk_refusal(kind)}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 7 + 2 + 1
    assert [path for path in files if CANARY in path.read_text()] == []
    landed = json.loads(desk.landed()[FIRST][0].read_text())["data"][0]["results"][0]
    assert (landed["user_id"], landed["user"], landed["new_field"]) == ("user-1", {"id": "user-1"}, {"deep": [None]})
    told = capfd.readouterr()
    assert CANARY not in told.out + told.err


def desk_refusal(kind: str) -> str:
    return f"the key is refused (401): OUR_KEY must hold {APIS[kind].key_kind}"


def test_a_call_does_not_show_its_key(desk: Desk) -> None:
    call = Pull(
        source="bill", api=APIS["openai_costs"], url="x", key=KEY, key_name="OUR_KEY", landing=Path(), again_days=7, now=lambda: NOW
    )  # fmt: skip
    assert KEY not in repr(call)
    assert KEY not in repr(replace(call, again_days=1))
