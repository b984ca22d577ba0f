"""Close copies of a home, each killed after another step, for real (os._exit); prints what each was found as. Run as a process of its own.

Arguments: the finished home, its configuration, a folder for the copies.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from sample_world import World, copy_of

from usage_pipeline.defs.close import STAGE, Prepared, enter, plan_of, prepare
from usage_pipeline.defs.closed import closed_months, folder_of
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.publish import publish_all
from usage_pipeline.periods import month_of
from usage_pipeline.storage.closed_folder import ASIDE
from usage_pipeline.storage.home import Home

KILLED = 9


def killed_after(step: int) -> Any:
    def listen(stage: str, done: int, total: int) -> None:
        if stage == STAGE and done == step:
            os._exit(KILLED)

    return listen


def attempt(world: World, prepared: Prepared, step: int) -> int:
    """The exit code of a process that closes and is killed after `step` steps; 0 where it got to the end before."""
    process = os.fork()
    if process == 0:
        with reporting_to(killed_after(step)):
            enter(world.workplace, prepared)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def seen(world: World, prepared: Prepared) -> dict[str, Any]:
    """What a reader finds: the month's state in the database, and whether the frozen folder and the published files are whole."""
    closed = closed_months(world.database).get(prepared.plan.month.start)
    folder = folder_of(world.home, prepared.plan.month)
    whole = world.files(folder.of(1)) == dict(prepared.files)
    pages = {name.removeprefix("statements/"): content for name, content in prepared.files.items() if name.startswith("statements/")}
    published = world.files(world.home.reports / "2026-09")
    return {
        "closed": closed is not None,
        "whole": whole,
        "published": {name: published.get(name) for name in pages} == pages,
        "leftovers": sorted(path.name for path in folder.folder.glob("*") if not path.name.startswith(("r1", ASIDE))),
    }


def main() -> None:
    home, config, folder = (Path(one) for one in sys.argv[1:])
    finished = World(Home(home), config)
    first = copy_of(finished, folder / "plan")
    plan = plan_of(first.workplace, month_of(date(2026, 9, 1)))
    prepared = prepare(first.workplace, plan, "Ana Example", None)
    step, code, told = 0, KILLED, []
    while code == KILLED:
        step += 1
        world = copy_of(finished, folder / str(step))
        code = attempt(world, prepared, step)
        found = seen(world, prepared)
        again = "run"
        if found["closed"]:
            publish_all(world.workplace)
        else:
            enter(world.workplace, prepared)
            again = "close"
        told.append({"step": step, "killed": code == KILLED, **found, "again": again, "then": seen(world, prepared)})
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
