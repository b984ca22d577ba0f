"""`usage-pipeline verify`: whether a closed month still says what was closed. Exit code 1 where it does not."""

from typing import Any

from usage_pipeline.commands.output import Output
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.publish import publish_all
from usage_pipeline.defs.verify import FAILS, QUESTIONS, Answer, Asked, asked_for, verify
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home

EXIT_FAILED = 1


def run_verify(environment: Environment, named: str, output: Output, *, quick: bool) -> int:
    """Ask, answer one by one, and say at the end whether all holds."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    asked = asked_for(workplace, named)
    publish_all(workplace)
    with output.progress() as listener, reporting_to(listener):
        answers = list(verify(workplace, asked, quick=quick))
    failed = [one for one in answers if one.state == FAILS]
    if output.as_json:
        output.document(_document(asked, answers))
    else:
        _show(asked, answers, output)
    return EXIT_FAILED if failed else 0


def _document(asked: Asked, answers: list[Answer]) -> dict[str, Any]:
    one = asked.revision
    return {
        "month": one.month.strftime("%Y-%m"),
        "revision": one.revision,
        "approved_by": one.approved_by,
        "closed_at": one.closed_at.isoformat(),
        "manifest": one.manifest_hash,
        "holds": all(answer.state != FAILS for answer in answers),
        "answers": [
            {"question": answer.question, "meaning": QUESTIONS[answer.question], "state": answer.state, "words": list(answer.words)}
            for answer in answers
        ],
    }


def _show(asked: Asked, answers: list[Answer], output: Output) -> None:
    one = asked.revision
    output.heading(f"{asked.name}, closed on {one.closed_at:%Y-%m-%d %H:%M} UTC, approved by {one.approved_by}")
    for answer in answers:
        output.say(f"{answer.state.upper():<12} {QUESTIONS[answer.question]}")
        for words in answer.words:
            output.say(f"{'':<12} {words}")
    failed = [answer for answer in answers if answer.state == FAILS]
    output.say()
    if failed:
        output.say(f"{asked.name} does NOT hold: {', '.join(answer.question for answer in failed)}.")
    else:
        output.say(f"{asked.name} holds. Manifest {one.manifest_hash}")
