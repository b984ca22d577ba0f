"""A home made ready: its folders, its Dagster instance, its database."""

from importlib import resources

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.home import Home


def prepare(home: Home) -> Home:
    """Create what is missing, overwrite nothing. Raises UsageConfigError where the folder cannot be written."""
    create(home)
    instance = home.dagster / "dagster.yaml"
    if not instance.exists():
        instance.write_text(resources.files("usage_pipeline.defs").joinpath("dagster.yaml").read_text("utf-8"), "utf-8")
    return home


def create(home: Home) -> Home:
    """The home's folders. Raises UsageConfigError where they cannot be made."""
    try:
        return home.create()
    except OSError as error:
        mend = "give it space and write permission, or name another with --home or USAGE_HOME"
        raise UsageConfigError(f"the home {home.root} cannot be written ({error.filename}: {error.strerror}): {mend}") from error
