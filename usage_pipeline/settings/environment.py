"""What the environment says: USAGE_… variables. Secrets are kept out of every text that shows this."""

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from usage_pipeline.errors import Problem, UsageConfigError

PREFIX = "USAGE_"
TLS_PORT = 465
CONFIG = "usage.yaml"
HASH_KEY_CHARACTERS_MIN = 16
_MEMORY = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B|%)", re.IGNORECASE)


def _memory(value: str) -> str:
    if not _MEMORY.fullmatch(value):
        raise ValueError(f"{value!r} is no amount of memory, such as 2GB, 512MB or 80%")
    return value


def _hash_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().strip()) < HASH_KEY_CHARACTERS_MIN:
        raise ValueError(
            f"too short to keep a name secret: give at least {HASH_KEY_CHARACTERS_MIN} random characters, such as `openssl rand -hex 32`"
            " prints, and the same ones for good; or unset it, then addresses and raw keys are left out"
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails go out. `security` is 'starttls', 'tls' (from the start, as port 465 wants it) or 'none'."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    security: str
    authorities: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailService:
    """Amazon SES, where mails go out by its API. Its credentials are those that boto3 finds."""

    region: str
    endpoint: str | None
    configuration_set: str | None


class _AsGiven(BaseSettings):
    """The variables for which empty is not unset."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    hash_key: SecretStr = SecretStr("unset")


class Environment(BaseSettings):
    """The variables, each with its default; an empty one counts as unset. `home` and `config`, where given, win over theirs.

    Raises UsageConfigError that names every variable that is wrong, never its value if that is a secret.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    home: Annotated[Path, AfterValidator(Path.absolute)] = Field(Path("usage_home"), validate_default=True)
    config: Annotated[Path, AfterValidator(Path.absolute)] | None = None
    database_url: SecretStr | None = None
    hash_key: Annotated[SecretStr, AfterValidator(_hash_key)] | None = None
    """The key of the hashes that stand for addresses and raw API keys; None leaves them out."""

    memory_limit: Annotated[str, AfterValidator(_memory)] = "2GB"
    smtp_host: str | None = None
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_authorities: Path | None = None
    ses_region: str | None = None
    ses_endpoint: str | None = None
    ses_configuration_set: str | None = None
    mail_from: str | None = None
    actor: str | None = None
    """Who is behind a run that no person starts, such as a deployment: what the audit log says."""

    dagster_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """Where people open Dagster's pages: mails link to it."""

    s3_endpoint: str | None = None
    s3_region: str | None = None

    def __init__(self, **given: Any) -> None:
        """Fields given here go before the variables: what a command line says."""
        if not _AsGiven().hash_key.get_secret_value():
            given = {"hash_key": SecretStr(""), **given}  # an empty key is a secret that went missing: unset would drop names for good
        try:
            super().__init__(**given)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)
            problems = [
                Problem("environment", None, f"{PREFIX}{one['loc'][0]}".upper(), one["msg"].removeprefix("Value error, ")) for one in wrong
            ]
            raise UsageConfigError("\n".join(map(str, problems))) from None

    @property
    def actor_name(self) -> str | None:
        """`actor`, of an address the part before the @; None where none is set."""
        return self.actor.split("@", maxsplit=1)[0].strip() or None if self.actor else None

    @property
    def config_file(self) -> Path:
        """usage.yaml: as said, else the one in the home, else the one in the working folder."""
        if self.config is not None:
            return self.config
        own = self.home / CONFIG
        return own if own.exists() else Path(CONFIG).absolute()

    def database_url_or(self, default: str) -> str:
        """The URL of the database, its password in it: `default` where none is set."""
        return self.database_url.get_secret_value() if self.database_url else default

    @property
    def hash_key_text(self) -> str | None:
        """The key itself, for the engine."""
        return self.hash_key.get_secret_value() if self.hash_key else None

    def secret(self, name: str) -> SecretStr | None:
        """The secret in a variable whose name usage.yaml gives; None where it is not set or empty."""
        value = os.environ.get(name, "").strip()
        return SecretStr(value) if value else None

    @field_validator("ses_region")
    @classmethod
    def _one_way(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("smtp_host"):
            raise ValueError("mails go out by one way: unset it, or USAGE_SMTP_HOST")
        return value

    @field_validator("ses_endpoint", "ses_configuration_set")
    @classmethod
    def _of_a_region(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("ses_region", value):
            raise ValueError("it is for SES, which USAGE_SES_REGION turns on: set that too, such as eu-west-1, or unset this")
        return value

    @property
    def mail_service(self) -> MailService | None:
        """Amazon SES, None where no region is set."""
        if self.ses_region is None:
            return None
        return MailService(region=self.ses_region, endpoint=self.ses_endpoint, configuration_set=self.ses_configuration_set)

    @property
    def mail_server(self) -> MailServer | None:
        """The mail server, None where no host is set: then mails become files in the outbox."""
        if self.smtp_host is None:
            return None
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            user=self.smtp_user,
            password=self.smtp_password.get_secret_value() if self.smtp_password else None,
            security="tls" if self.smtp_port == TLS_PORT else "starttls" if self.smtp_starttls else "none",
            authorities=self.smtp_authorities,
        )


def environment_now() -> Environment:
    """The environment as it is now, read once while its variables, and the folder that paths in them start from, are the same."""
    return _environment(tuple(sorted(one for one in os.environ.items() if one[0].upper().startswith(PREFIX))), Path.cwd())


def user_folder() -> str | None:
    """What '~' stands for."""
    return os.environ.get("HOME")


@lru_cache(maxsize=8)
def _environment(_variables: tuple[tuple[str, str], ...], _folder: Path) -> Environment:
    return Environment()
