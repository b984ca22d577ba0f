"""`usage-pipeline init`: a home to start from."""

from importlib import resources

from usage_pipeline.commands.output import Output, ui_command
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import open_database
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home


def run_init(environment: Environment, output: Output) -> int:
    """Create folders, Dagster instance and database; a usage.yaml with comments where there is none."""
    home = prepare(Home(environment.home))
    database = open_database(environment.database_url_or(home.database_url))
    config = environment.config or home.root / "usage.yaml"
    made = not config.exists()
    if made:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(resources.files("usage_pipeline.commands").joinpath("usage.example.yaml").read_text("utf-8"), "utf-8")
    if output.as_json:
        output.document({"home": str(home.root), "config": str(config), "config_made": made})
        return 0
    output.say(f"home      {home.root}")
    output.say(f"database  {database!r}")
    output.say(f"config    {config}" + (" (made now: name your projects and sources in it)" if made else " (kept as it was)"))
    output.say(f"web UI    {ui_command(home, config)}")
    return 0
