"""The fictional organisation: its projects, what they ask of which models, and under which accounts they are billed.

Everything here is invented. Dates are real dates, so that a day looks the same in a short world and in a long one.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache

OPENAI = "openai"
ANTHROPIC = "anthropic"
VERTEX = "google.vertex"
GEMINI = "google.gemini"
AZURE = "azure.openai"
MISTRAL = "mistral"

GATEWAY = "gateway"
DIRECT = "direct"
TRACKER = "tracker"

BILLED_CHANNELS = (OPENAI, ANTHROPIC, VERTEX, GEMINI, AZURE)
UNATTRIBUTED = "unattributed"

PRIORITY_FROM = date(2026, 10, 12)
BATCH_FROM = date(2026, 10, 14)
"""The days from which the catalog knows these prices; the organisation starts to use them then."""

UNKNOWN_MODEL = "orbit-large-preview"
"""A model that no catalog knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request that one project makes, `daily` times on a plain weekday. Token ranges are inclusive; shares are percent.

    `route` says which records exist beside the bill: the gateway's log, the tracker's log, or none ('direct').
    """

    name: str
    project: str | None
    channel: str
    provider: str
    model: str
    operation: str
    daily: int
    input: tuple[int, int]
    output: tuple[int, int] = (0, 0)
    route: str = GATEWAY
    api_type: str = "text"
    feature: str | None = None
    users: int = 12
    cached_percent: int = 0
    cache_write_percent: int = 0
    cache_write_1h_percent: int = 0
    reasoning_percent: int = 0
    cache_hit_percent: int = 0
    cut_percent: int = 0
    web_search_percent: int = 0
    tier: str = "default"
    is_batch: bool = False
    since: date = date.min
    runaway: tuple[date, date] | None = None

    @property
    def context(self) -> tuple[str, str] | None:
        """What the price depends on beside model and day, as genai-prices names it."""
        if self.is_batch:
            return ("processing", "batch")
        return None if self.tier == "default" else ("service_tier", self.tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project as usage.yaml declares it."""

    id: str
    name: str
    team: str
    cost_center: str
    owner: str
    client: str | None = None


PROJECTS: tuple[Member, ...] = (
    Member(id="support-portal", name="Support portal", client="Acme", team="support", cost_center="CC-100", owner="ana@example.org"),
    Member(id="internal-chat", name="Internal chat", team="it", cost_center="CC-110", owner="cem@example.org"),
    Member(id="contract-review", name="Contract review", client="Globex", team="legal", cost_center="CC-120", owner="dora@example.org"),
    Member(id="marketing-studio", name="Marketing studio", team="marketing", cost_center="CC-130", owner="eli@example.org"),
    Member(
        id="voice-of-customer", name="Voice of customer", client="Initech", team="research", cost_center="CC-140", owner="fay@example.org"
    ),
    Member(id="document-intake", name="Document intake", client="Acme", team="operations", cost_center="CC-150", owner="gus@example.org"),
    Member(id="sales-assistant", name="Sales assistant", team="sales", cost_center="CC-160", owner="hana@example.org"),
    Member(id="agent-sandbox", name="Agent sandbox", team="ml", cost_center="CC-170", owner="ivo@example.org"),
    Member(id="search-ranker", name="Search ranker", team="ml", cost_center="CC-170", owner="ben@example.org"),
    Member(id="code-assistant", name="Code assistant", team="engineering", cost_center="CC-180", owner="jo@example.org"),
    Member(id="data-lab", name="Data lab", team="research", cost_center="CC-140", owner="kim@example.org"),
    Member(id="prompt-lab", name="Prompt lab", team="product", cost_center="CC-190", owner="lea@example.org"),
)

OPUS = "claude-opus-5"
HAIKU = "claude-haiku-4-5-20251001"
MINI = "gpt-4o-mini-2024-07-18"

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        name="support-chat", project="support-portal", channel=OPENAI, provider="openai", model="gpt-5.6-terra", operation="chat",
        feature="answer", daily=90, input=(800, 9000), output=(120, 1400), users=40, cached_percent=60, cache_write_percent=15,
        reasoning_percent=40, cut_percent=3, cache_hit_percent=4, web_search_percent=5,
    ),
    Workload(
        name="support-preview", project="support-portal", channel=OPENAI, provider="openai", model=MINI, operation="preview",
        feature="draft", daily=22, input=(300, 2500), output=(60, 500), cached_percent=30,
    ),
    Workload(
        name="support-improvement", project="support-portal", channel=ANTHROPIC, provider="anthropic", model=OPUS,
        operation="improvement", feature="rewrite", daily=14, input=(1500, 12000), output=(200, 1800), users=9, cached_percent=50,
        cache_write_percent=30,
    ),
    Workload(
        name="ask-hr", project="internal-chat", channel=ANTHROPIC, provider="anthropic", model=HAIKU, operation="chat",
        feature="ask-hr", daily=70, input=(900, 7000), output=(80, 900), users=60, cached_percent=55, cache_write_percent=20,
        cache_write_1h_percent=5, cut_percent=2,
    ),
    Workload(
        name="ask-it", project="internal-chat", channel=OPENAI, provider="openai", model=MINI, operation="chat", feature="ask-it",
        daily=42, input=(400, 3500), output=(60, 700), users=50, cached_percent=40, cache_hit_percent=9,
    ),
    Workload(
        name="ask-urgent", project="internal-chat", channel=OPENAI, provider="openai", model="gpt-5.6-terra", operation="chat",
        feature="ask-it", daily=10, input=(900, 6000), output=(150, 1200), cached_percent=40, cache_write_percent=20,
        reasoning_percent=50, tier="priority", since=PRIORITY_FROM,
    ),
    Workload(
        name="clauses", project="contract-review", channel=ANTHROPIC, provider="anthropic", model=OPUS, operation="prompt_run",
        feature="clauses", daily=26, input=(6000, 60000), output=(300, 3000), users=7, cached_percent=70, cache_write_percent=20,
        cache_write_1h_percent=35,
    ),
    Workload(
        name="counterparties", project="contract-review", channel=ANTHROPIC, provider="anthropic", model="claude-sonnet-5",
        operation="agent_generation", route=DIRECT, daily=6, input=(2000, 15000), output=(200, 1500), web_search_percent=70,
    ),
    Workload(
        name="copy", project="marketing-studio", channel=OPENAI, provider="openai", model="gpt-4.1-nano", operation="chat",
        feature="copy", daily=40, input=(200, 3000), output=(80, 900), users=11, cached_percent=20, cache_hit_percent=3,
    ),
    Workload(
        name="pictures", project="marketing-studio", channel=OPENAI, provider="openai", model="gpt-image-1", operation="image",
        feature="pictures", api_type="image", daily=8, input=(40, 400), output=(1056, 6208), users=5,
    ),
    Workload(
        name="interviews", project="voice-of-customer", channel=OPENAI, provider="openai", model="gpt-5.6-sol", operation="prompt_run",
        feature="interviews", daily=30, input=(2000, 30000), output=(200, 2500), users=6, cached_percent=45, cache_write_percent=20,
        reasoning_percent=55,
    ),
    Workload(
        name="voices", project="voice-of-customer", channel=OPENAI, provider="openai", model="text-embedding-3-small",
        operation="embedding", feature="voices", api_type="embedding", daily=58, input=(60, 1200), users=2,
    ),
    Workload(
        name="forms", project="document-intake", channel=VERTEX, provider="google", model="gemini-2.5-flash", operation="prompt_run",
        feature="forms", daily=52, input=(1500, 16000), output=(150, 2200), users=4, cached_percent=35, reasoning_percent=45,
    ),
    Workload(
        name="calls", project="sales-assistant", channel=AZURE, provider="azure", model=MINI, operation="chat", feature="calls",
        daily=36, input=(500, 5000), output=(80, 900), users=22, cached_percent=30,
    ),
    Workload(
        name="quotes", project="sales-assistant", channel=AZURE, provider="azure", model="gpt-5-mini", operation="prompt_run",
        route=DIRECT, daily=30, input=(2000, 12000), output=(200, 1800), cached_percent=40,
    ),
    Workload(
        name="agents", project="agent-sandbox", channel=MISTRAL, provider="mistral", model="mistral-medium-latest",
        operation="agent_generation", feature="agents", daily=34, input=(2000, 24000), output=(200, 2400), users=3,
        runaway=(date(2026, 10, 20), date(2026, 10, 22)),
    ),
    Workload(
        name="trials", project="agent-sandbox", channel=MISTRAL, provider="mistral", model=UNKNOWN_MODEL,
        operation="agent_generation", feature="trials", daily=3, input=(1000, 8000), output=(100, 900), users=3,
        since=date(2026, 9, 21),
    ),
    Workload(
        name="visitors", project=None, channel=MISTRAL, provider="mistral", model="mistral-small-latest", operation="chat", daily=5,
        input=(300, 3000), output=(60, 600), users=4,
    ),
    Workload(
        name="ranking", project="search-ranker", channel=OPENAI, provider="openai", model=MINI, operation="prompt_run", route=DIRECT,
        daily=110, input=(3000, 40000), output=(40, 500), cached_percent=35,
    ),
    Workload(
        name="index", project="search-ranker", channel=OPENAI, provider="openai", model="text-embedding-3-small",
        operation="embedding", api_type="embedding", route=DIRECT, daily=120, input=(2000, 8000),
    ),
    Workload(
        name="relabel", project="search-ranker", channel=OPENAI, provider="openai", model="gpt-4.1-nano", operation="batch",
        route=DIRECT, daily=60, input=(2000, 30000), output=(20, 200), is_batch=True, since=BATCH_FROM,
    ),
    Workload(
        name="judges", project="search-ranker", channel=ANTHROPIC, provider="anthropic", model=HAIKU, operation="batch", route=DIRECT,
        daily=60, input=(2000, 20000), output=(40, 600), is_batch=True, since=BATCH_FROM,
    ),
    Workload(
        name="grading", project="search-ranker", channel=ANTHROPIC, provider="anthropic", model=HAIKU, operation="prompt_run",
        route=DIRECT, daily=25, input=(1000, 9000), output=(40, 500),
    ),
    Workload(
        name="pairing", project="code-assistant", channel=ANTHROPIC, provider="anthropic", model="claude-sonnet-5",
        operation="agent_generation", route=DIRECT, daily=100, input=(4000, 90000), output=(200, 3500), cached_percent=80,
        cache_write_percent=45,
    ),
    Workload(
        name="reviews", project="code-assistant", channel=ANTHROPIC, provider="anthropic", model=OPUS, operation="prompt_run",
        route=DIRECT, daily=20, input=(5000, 50000), output=(300, 3000), cached_percent=60, cache_write_1h_percent=25,
    ),
    Workload(
        name="notebooks", project="data-lab", channel=GEMINI, provider="google", model="gemini-2.5-flash", operation="prompt_run",
        route=DIRECT, daily=45, input=(2000, 40000), output=(200, 4000), cached_percent=25,
    ),
    Workload(
        name="prompts", project="prompt-lab", channel=OPENAI, provider="openai", model="gpt-5.6-luna", operation="prompt_run",
        route=TRACKER, feature="prompts", daily=34, input=(500, 9000), output=(100, 1500), users=8, cached_percent=30,
        cache_write_percent=10, reasoning_percent=30,
    ),
    Workload(
        name="rewrites", project="prompt-lab", channel=ANTHROPIC, provider="anthropic", model="claude-sonnet-5",
        operation="improvement", route=TRACKER, feature="rewrites", daily=16, input=(700, 8000), output=(150, 1600), users=8,
        cached_percent=40, cache_write_percent=15,
    ),
    Workload(
        name="hackathon", project=None, channel=OPENAI, provider="openai", model="gpt-4.1-nano", operation="chat", route=DIRECT,
        daily=14, input=(500, 20000), output=(100, 4000),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Who a provider thinks the customer is: a project, workspace or subscription, its key and its user."""

    name: str
    id: str | None
    api_key: str
    user: str


def name_of(text: str, length: int) -> str:
    """An invented identifier of letters and digits, always the same for `text`."""
    letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = int.from_bytes(hashlib.sha512(f"Example Org {text}".encode()).digest(), "big")
    picked = []
    for _ in range(length):
        number, place = divmod(number, len(letters))
        picked.append(letters[place])
    return "".join(picked)


def account_of(workload: Workload) -> Account:
    """The account under which a workload is billed; nobody's workloads run under the hackathon's."""
    return _account(workload.channel, workload.project or "hackathon")


@cache
def _account(channel: str, name: str) -> Account:
    key, user = name_of(f"{channel} key {name}", 16), f"user-{name_of(f'user {name}', 24)}"
    if channel == OPENAI:
        return Account(name, f"proj_{name_of(f'project {name}', 24)}", f"key_{key}", user)
    if channel == ANTHROPIC:
        workspace = None if name == "search-ranker" else f"wrkspc_01{name_of(f'workspace {name}', 22)}"
        return Account(name, workspace, f"apikey_01{name_of(f'anthropic key {name}', 22)}", user)
    if channel in (VERTEX, GEMINI):
        return Account(name, f"{name}-prod", key, user)
    return Account(name, _guid(f"{channel} {name}"), key, user)


def _guid(text: str) -> str:
    digits = hashlib.sha256(f"Example Org {text}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"
