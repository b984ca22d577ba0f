"""Sources that are pulled: before files are read, what their APIs have lands; afterwards it is told which days are missing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.sources.apis.catalog import APIS
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.pull import Pull, Pulled, pull
from usage_pipeline.storage.pull_landing import Asked, PullLanding
from usage_pipeline.tables.configuration import ApiSpec, SourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What one source lacks: days of an endpoint, for one reason. `is_missing`: nothing of them ever landed; else what did is older."""

    source: str
    endpoint: str
    days: tuple[date, ...]
    reason: str
    is_missing: bool

    @property
    def words(self) -> str:
        first, last = self.days[0], self.days[-1]
        when = f"{first}" if first == last else f"{first} to {last}" if len(self.days) == (last - first).days + 1 else _listed(self.days)
        return f"{self.source}, {self.endpoint}, {when}: {self.reason}"

    @property
    def words_of_all(self) -> str:
        """Where it is so for every endpoint."""
        return self.words.replace(f", {self.endpoint}, ", ", ", 1)


def pull_sources(workplace: Workplace, days: Period) -> dict[str, Pulled]:
    """Pull every source that has an API: what of `days` is missing, and its last days anew. By source; a failure is no exception."""
    environment, landing = workplace.environment(), workplace.home.landing
    done: dict[str, Pulled] = {}
    named: set[tuple[str, str]] = set()
    for spec, api in _pulled(workplace.settings().sources):
        key = environment.secret(api.key)
        call = Pull(
            source=spec.name,
            api=APIS[spec.kind],
            url=api.url,
            key=key.get_secret_value() if key else None,
            key_name=api.key,
            landing=landing,
            again_days=api.days,
            now=workplace.now,
        )
        account = (api.url, api.key)  # two sources of one account: its names are listed once
        done[spec.name] = pull(
            call,
            days,
            with_names=account not in named,
            progress=lambda number, steps, name=spec.name: tell(f"pulling {name}", number, steps),  # type: ignore[misc]
        )
        named.add(account)
    return done


def gaps_of(workplace: Workplace, days: Period) -> list[Gap]:
    """What pulled sources lack of `days`, the day that still runs left out; those with nothing at all first."""
    landing, today = Home(workplace.home.root).landing, workplace.now().date()
    gaps: dict[tuple[str, str, str, bool], list[date]] = defaultdict(list)
    for spec, _ in _pulled(workplace.settings().sources):
        source = PullLanding(landing, spec.name)
        asked = source.asked()
        for endpoint in APIS[spec.kind].endpoints:
            for day in (day for day in days.days() if day < today):
                gap = _gap(source, endpoint.name, day, asked.get((endpoint.name, day)))
                if gap is not None:
                    gaps[spec.name, endpoint.name, *gap].append(day)
    found = [
        Gap(source=source, endpoint=endpoint, days=tuple(missing), reason=reason, is_missing=is_missing)
        for (source, endpoint, reason, is_missing), missing in gaps.items()
    ]
    return sorted(found, key=lambda gap: not gap.is_missing)


def _gap(source: PullLanding, endpoint: str, day: date, asked: Asked | None) -> tuple[str, bool] | None:
    """The reason and whether the day is missing altogether; None where it is as it should be."""
    failure = asked.failure if asked else None
    if not source.has(endpoint, day):
        return failure or "it has not been pulled", True
    return (failure, False) if failure else None


def _pulled(specs: Iterable[SourceSpec]) -> Iterator[tuple[SourceSpec, ApiSpec]]:
    return ((spec, spec.api) for spec in specs if spec.api is not None)


def _listed(days: Iterable[date]) -> str:
    return ", ".join(str(day) for day in days)
