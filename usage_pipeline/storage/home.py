"""The home folder: where everything the pipeline keeps lies. Settings decide the root; nobody else builds these paths."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one installation. Nothing here touches the disk but `create`."""

    root: Path

    @property
    def landing(self) -> Path:
        """Raw files, `landing/<source>/…`."""
        return self.root / "landing"

    @property
    def failed_sources(self) -> Path:
        """Which sources could not be read last, and why; there only while some could not."""
        return self.root / "failed_sources.json"

    @property
    def hashed_ids(self) -> Path:
        """By what ids are hashed here (`storage/id_hashes.py`): to be kept with the lake and the database."""
        return self.root / "hashed_ids.json"

    @property
    def lake(self) -> Path:
        """Facts, `lake/<table>/day=YYYY-MM-DD/<part>.parquet`."""
        return self.root / "lake"

    @property
    def database(self) -> Path:
        """The SQLite file, used unless a database URL is set."""
        return self.root / "usage.db"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database.absolute()}"

    @property
    def prices(self) -> Path:
        """The adopted price books, `prices/<content hash>/…`."""
        return self.root / "prices"

    @property
    def reports(self) -> Path:
        """Reports, `reports/<period>/<scope>/<report>.<ext>`."""
        return self.root / "reports"

    @property
    def closed(self) -> Path:
        """Closed months, `closed/<month>/r<revision>/…`: never changed once they count."""
        return self.root / "closed"

    @property
    def outbox(self) -> Path:
        """Mails, `outbox/*.eml`, unless a mail server is set."""
        return self.root / "outbox"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: runs, events and the schedules' state."""
        return self.root / "dagster"

    @property
    def scratch(self) -> Path:
        """Where the engine spills; may be emptied whenever nothing runs."""
        return self.root / "scratch"

    def create(self) -> "Home":
        """Make the folders that are missing, and say where they are."""
        for folder in (self.landing, self.lake, self.prices, self.reports, self.outbox, self.dagster, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        return self
