"""What the README holds, and what is asked of each command and path that it names."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
from dagster._cli import cli as dagster_cli
from dagster._daemon.cli import cli as daemon_cli
from dagster_webserver.cli import cli as webserver_cli

from usage_pipeline import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")

CLICK = {"usage-pipeline": cli.main, "dagster": dagster_cli, "dagster-webserver": webserver_cli, "dagster-daemon": daemon_cli}
HOME_NAMES = {"usage.yaml", "usage.db", "landing", "lake", "prices", "reports", "closed", "outbox", "dagster", "scratch"}


def code_blocks(language: str) -> list[str]:
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
    return [text for name, text in blocks if name == language]


def code_lines() -> Iterator[str]:
    """Commands of the shell blocks, their comments taken off."""
    for block in code_blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if words := line.split(" #")[0].strip():
                yield words


def quoted() -> list[str]:
    """What stands in backticks in running text and tables."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", README, flags=re.MULTILINE | re.DOTALL))


def table(first_header: str) -> list[list[str]]:
    """The cells of the table whose first header is this."""
    found = re.search(rf"^\| {first_header} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert found, f"no table that begins with {first_header}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def commands_of_run() -> set[str]:
    """What `./run` itself understands."""
    cases = re.search(r"^case \$\{1:-demo\} in\n(.*?)^esac", (ROOT / "run").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert cases
    return set(re.findall(r"^  ([a-z]+)\)", cases[1], re.MULTILINE))


def check_command(line: str) -> None:
    """Raises click.UsageError or AssertionError where the command, one of its options or its script does not exist."""
    program, *words = shlex.split(line)
    if program == "./run":
        assert (ROOT / "run").is_file()
        if not words or words[0] in commands_of_run():
            return check_command(shlex.join(["usage-pipeline", *words])) if words[:1] == ["demo"] else None
        program, *words = words
    if program == "python":
        return check_script(words)
    assert program in CLICK, f"{program} is not a command of this project"
    command, rest = leaf(CLICK[program], words)
    command.make_context(program, rest, help_option_names=["-h", "--help"]).close()  # click keeps the first answer on the command
    return None


def check_script(words: list[str]) -> None:
    script = ROOT / (words[1].replace(".", "/") + ".py" if words[0] == "-m" else words[0])
    assert script.is_file(), f"{script} does not exist"
    for option in re.findall(r"--[a-z-]+", shlex.join(words)):
        assert f'"{option}"' in script.read_text("utf-8"), f"{script} has no {option}"


def leaf(command: click.Command, words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `words` lead to, and the words left for it. Raises click.UsageError for one that does not exist."""
    while isinstance(command, click.Group) and words:
        _, found, rest = command.resolve_command(click.Context(command), words)
        assert found
        command, words = found, rest
    return command, words


def check_path(text: str) -> None:
    """Something of the home, or files of the repository; `<…>` stands for any name."""
    first = text.removeprefix("usage_home/").split("/")[0]
    if text == "usage_home/" or first in HOME_NAMES:
        return
    pattern = re.sub(r"<[^>]+>", "*", text).rstrip("/")
    assert any(ROOT.glob(pattern)), f"{text} does not exist"


def is_path(text: str) -> bool:
    if " " in text or "://" in text or text.startswith(("./run", "/", "-")):
        return False
    return "/" in text or bool(re.fullmatch(r"[\w.-]+\.(py|md|yaml|toml|lock|db|j2|css)|LICENSE|COPYING|NOTICE|run", text))


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands that do something, by the words that lead to each."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for word, one in command.commands.items():
        yield from commands(one, f"{name} {word}".strip())


def options_of(command: click.Command) -> set[str]:
    return {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
