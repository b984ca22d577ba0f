"""The one resource: where home and configuration lie, and ways to open what assets need. Paths only; secrets stay in the environment."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dagster as dg
from ibis.backends.duckdb import Backend
from sqlalchemy.exc import ArgumentError, OperationalError

from usage_pipeline.alerts.channels.channel import Channel, NoticeChannel
from usage_pipeline.alerts.channels.opening import opened
from usage_pipeline.alerts.channels.outbox import OutboxChannel
from usage_pipeline.alerts.channels.ses import SesChannel
from usage_pipeline.alerts.channels.smtp import SmtpChannel
from usage_pipeline.defs.books import Books
from usage_pipeline.defs.home import create
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.settings import Environment, Settings, load
from usage_pipeline.settings.environment import environment_now
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect, hash_ids_plainly
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.id_hashes import has_read, ids_by_key
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.landing import Landing, LocalStore
from usage_pipeline.storage.landing_s3 import S3Store
from usage_pipeline.tables.channels import ChannelSpec

TEMPLATES = Path(__file__).parents[2] / "reports_templates"


class Workplace(dg.ConfigurableResource[None]):
    """What every asset works with: the home folder (data) and usage.yaml (what is measured, for whom, who is told).

    `revise`: the closed months that a run may compute again, such as '2026-10' or '2026-09,2026-10'; all others stay as they are.
    """

    home_folder: str
    config_file: str
    revise: str = ""

    @property
    def home(self) -> Home:
        return create(Home(Path(self.home_folder)))

    def settings(self) -> Settings:
        """usage.yaml as values. Raises UsageConfigError with file, line and field of every problem."""
        return load(Path(self.config_file), landing=Home(Path(self.home_folder)).landing.absolute())

    def environment(self) -> Environment:
        return environment_now()

    def engine(self) -> Backend:
        """A fresh in-memory engine."""
        environment = self.environment()
        return connect(self.home.scratch, memory_limit=environment.memory_limit, hash_key=environment.hash_key_text)

    def ids_by_key(self) -> bool:
        """Whether this home's ids are hashed by the key. Raises UsageConfigError where it began with another key than there is now."""
        return ids_by_key(self.home.hashed_ids, self.environment().hash_key_text, is_new=not has_read(self.database()), now=self.now())

    def reading_engine(self) -> Backend:
        """A fresh engine for reading files: it hashes ids as the home began to. Raises UsageConfigError as `ids_by_key`."""
        by_key, engine = self.ids_by_key(), self.engine()
        if not by_key:
            hash_ids_plainly(engine)
        return engine

    def lake(self, engine: Backend) -> Lake:
        return Lake(self.home.lake, engine)

    def landing(self) -> Landing:
        """Where files land: local folders, and S3 as the environment says."""
        environment = self.environment()
        return Landing((LocalStore(), S3Store(environment.s3_endpoint, environment.s3_region)), environment.hash_key_text)

    def database(self) -> Database:
        """The database, brought to the newest schema."""
        return open_database(self.environment().database_url_or(self.home.database_url))

    def books(self) -> Books:
        """The price books of the home, with usage.yaml's agreements and aliases on top."""
        settings = self.settings()
        return Books(self.home.prices, self.database(), self.now(), settings.agreements, settings.aliases, str(settings.file))

    def channel(self) -> Channel:
        """The mail service or mail server of the environment, else the outbox folder."""
        environment = self.environment()
        service, server = environment.mail_service, environment.mail_server
        if service is not None:
            return SesChannel(region=service.region, endpoint=service.endpoint, configuration_set=service.configuration_set)
        if server is None:
            return OutboxChannel(self.home.outbox)
        return SmtpChannel(
            host=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            security=server.security,
            authorities=server.authorities,
        )

    def notice_channel(self, spec: ChannelSpec) -> NoticeChannel:
        """A channel of usage.yaml. Raises TemporaryDeliveryError where a variable that it names is missing or wrong."""
        return opened(spec, self._variable, self.now)

    def _variable(self, name: str) -> str | None:
        found = self.environment().secret(name)
        return found.get_secret_value() if found else None

    def now(self) -> datetime:
        """The only clock of the pipeline."""
        return datetime.now(UTC)


def open_database(url: str) -> Database:
    """The database at `url`, brought to the newest schema. Raises UsageError in words where there is none; never shows its password."""
    mend = "check USAGE_DATABASE_URL, such as postgresql://user:password@host/name"
    try:
        database = _connected(url)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise UsageConfigError(f"the database's URL names no database that is known here: {mend}") from error
    try:
        database.migrate()
    except OperationalError as error:
        words = " ".join(str(error.orig).split())
        raise UsageError(f"{database!r} cannot be opened ({words}): start it, or {mend}") from error
    return database


@cache
def _connected(url: str) -> Database:
    """One pool of connections a process and URL: a sensor's ticks would otherwise leave one each behind."""
    return Database(url)
