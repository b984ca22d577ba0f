"""A home made ready: its folders, its Dagster instance, its database."""

from importlib import resources

from usage_pipeline.storage.home import Home


def prepare(home: Home) -> Home:
    """Create what is missing, overwrite nothing."""
    home.create()
    instance = home.dagster / "dagster.yaml"
    if not instance.exists():
        instance.write_text(resources.files("usage_pipeline.defs").joinpath("dagster.yaml").read_text("utf-8"), "utf-8")
    return home
