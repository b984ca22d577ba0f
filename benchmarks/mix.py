"""Who asks what: sixty streams of requests of an invented company, each an API key with one model."""

from dataclasses import dataclass
from itertools import cycle, islice

PROJECTS = (
    "support-portal", "search-ranker", "internal-chat", "code-review", "contract-reader", "sales-assistant",
    "translation", "data-labeling", "product-images", "knowledge-base", "voice-notes", "research",
)  # fmt: skip
TEAMS = ("support", "ml", "it", "platform", "legal", "sales")
UNTAGGED = frozenset({"sales-assistant", "voice-notes"})
"""Projects whose applications send no tags: the name of their key tells whose they are."""
GUEST = "guest"
"""Requests that no rule gives to a project."""

CHAT, EMBEDDING, IMAGE = "acompletion", "aembedding", "aimage_generation"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as LiteLLM names it. `share` is its part of all requests; tokens are typical, not exact."""

    gateway: str
    name: str
    share: int
    prompt: int
    answer: int
    cached_percent: int = 0
    written_percent: int = 0
    reasoning_percent: int = 0
    search_percent: int = 0
    call_type: str = CHAT
    tier: str | None = None


MODELS = (
    Model("openai", "gpt-4o-2024-08-06", 8, 1800, 350, cached_percent=30),
    Model("openai", "gpt-4o-mini-2024-07-18", 14, 900, 180, cached_percent=20),
    Model("openai", "gpt-4.1-2025-04-14", 5, 2600, 420, cached_percent=40),
    Model("openai", "gpt-4.1-mini", 8, 1500, 220, cached_percent=25),
    Model("openai", "gpt-4.1-nano", 4, 600, 60),
    Model("openai", "gpt-5", 6, 3200, 1100, cached_percent=45, reasoning_percent=60, search_percent=2),
    Model("openai", "gpt-5", 2, 3200, 1100, cached_percent=45, reasoning_percent=60, tier="flex"),
    Model("openai", "gpt-5", 1, 3200, 1100, cached_percent=45, reasoning_percent=60, tier="priority"),
    Model("openai", "gpt-5-mini", 7, 2100, 600, cached_percent=35, reasoning_percent=50),
    Model("openai", "gpt-5-nano", 4, 700, 150, reasoning_percent=40),
    Model("openai", "gpt-5.1", 3, 4100, 900, cached_percent=50, reasoning_percent=50),
    Model("openai", "gpt-5.2", 2, 4600, 1000, cached_percent=50, reasoning_percent=50),
    Model("openai", "gpt-5.6-terra", 2, 9000, 1200, cached_percent=40, written_percent=10, reasoning_percent=55),
    Model("openai", "o3", 1, 2800, 2400, reasoning_percent=80),
    Model("openai", "o4-mini", 2, 1900, 1500, reasoning_percent=75),
    Model("openai", "text-embedding-3-small", 10, 420, 0, call_type=EMBEDDING),
    Model("openai", "text-embedding-3-large", 4, 510, 0, call_type=EMBEDDING),
    Model("openai", "gpt-image-1", 1, 120, 4160, call_type=IMAGE),
    Model("anthropic", "claude-haiku-4-5-20251001", 9, 4200, 380, cached_percent=55, written_percent=12),
    Model("anthropic", "claude-sonnet-4-5-20250929", 8, 9800, 720, cached_percent=65, written_percent=10, search_percent=2),
    Model("anthropic", "claude-sonnet-4-20250514", 3, 8000, 650, cached_percent=60, written_percent=10),
    Model("anthropic", "claude-opus-4-5", 2, 14000, 1400, cached_percent=70, written_percent=9),
    Model("anthropic", "claude-opus-5", 2, 16000, 1600, cached_percent=70, written_percent=9, search_percent=3),
    Model("anthropic", "claude-3-5-haiku-20241022", 3, 2400, 260, cached_percent=30, written_percent=8),
    Model("vertex_ai", "gemini-2.5-pro", 4, 60000, 1300, cached_percent=25, reasoning_percent=30),
    Model("vertex_ai", "gemini-2.5-flash", 7, 5200, 450, cached_percent=20),
    Model("vertex_ai", "gemini-2.5-flash-lite", 4, 1800, 120),
    Model("gemini", "gemini-3-pro-preview", 2, 70000, 1500, cached_percent=30, reasoning_percent=30),
    Model("azure", "gpt-4o", 5, 2000, 380, cached_percent=25),
    Model("azure", "gpt-4o-mini", 5, 1000, 200, cached_percent=20),
    Model("azure", "gpt-4.1", 3, 2500, 400, cached_percent=30),
    Model("azure", "text-embedding-3-large", 3, 480, 0, call_type=EMBEDDING),
    Model("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", 4, 7600, 600, cached_percent=50, written_percent=8),
    Model("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", 3, 3600, 320, cached_percent=40, written_percent=8),
    Model("bedrock", "amazon.nova-pro-v1:0", 2, 2200, 300),
    Model("bedrock", "amazon.nova-lite-v1:0", 2, 1200, 150),
    Model("mistral", "mistral-large-latest", 2, 2300, 400),
    Model("mistral", "mistral-small-latest", 2, 1100, 180),
    Model("groq", "llama-3.3-70b-versatile", 2, 1600, 240),
    Model("deepseek", "deepseek-chat", 2, 1900, 420, cached_percent=30),
    Model("deepseek", "deepseek-reasoner", 1, 2100, 1900, cached_percent=30, reasoning_percent=70),
    Model("xai", "grok-4", 1, 2700, 800, cached_percent=20),
    Model("cohere", "command-r-plus", 1, 1700, 260),
    Model("openrouter", "anthropic/claude-sonnet-4.5", 1, 6400, 580, cached_percent=40, written_percent=8),
    Model("openai", "house-tuned-7b", 1, 800, 200),
)
"""`house-tuned-7b` is in no price catalog."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The requests of one key to one model. `users` end users take turns; 0 for a service without any."""

    number: int
    project: str
    team: str
    model: Model
    share: float
    users: int

    @property
    def is_tagged(self) -> bool:
        return self.project not in UNTAGGED and self.project != GUEST

    @property
    def key_name(self) -> str:
        return f"{self.project}-{self.number % 5}"


def streams() -> tuple[Stream, ...]:
    """Sixty: each model once, the fifteen largest for a second project; a third of the streams have end users."""
    large = sorted(MODELS, key=lambda model: -model.share)[: 60 - len(MODELS)]
    pairs = list(zip([*MODELS, *large], islice(cycle((*PROJECTS, GUEST)), 60), strict=True))
    return tuple(
        Stream(number, project, TEAMS[number % len(TEAMS)], model, float(model.share), 30 if number % 3 == 0 else 0)
        for number, (model, project) in enumerate(pairs)
    )
