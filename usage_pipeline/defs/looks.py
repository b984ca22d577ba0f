"""How statements look: what usage.yaml says, with the logo read from its file."""

from dataclasses import replace

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.reports.logo import logo_from
from usage_pipeline.settings import Settings
from usage_pipeline.tables.looks import Looks


def looks_of(settings: Settings) -> Looks:
    """Raises UsageConfigError where the logo is not there or is no picture."""
    path = settings.logo
    if path is None:
        return settings.looks
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageConfigError(f"{settings.file}: reports.logo: {path} cannot be read ({error.strerror}): put the file there") from error
    return replace(settings.looks, logo=logo_from(content, str(path)))
