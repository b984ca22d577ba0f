from pathlib import Path

from usage_pipeline.storage.home import Home


def test_paths_are_those_outsiders_rely_on() -> None:
    home = Home(Path("/srv/usage"))
    assert {
        name: str(getattr(home, name)) for name in ("landing", "lake", "database", "reports", "prices", "outbox", "dagster", "scratch")
    } == {
        "landing": "/srv/usage/landing",
        "lake": "/srv/usage/lake",
        "database": "/srv/usage/usage.db",
        "reports": "/srv/usage/reports",
        "prices": "/srv/usage/prices",
        "outbox": "/srv/usage/outbox",
        "dagster": "/srv/usage/dagster",
        "scratch": "/srv/usage/scratch",
    }
    assert home.database_url == "sqlite:////srv/usage/usage.db"


def test_nothing_is_made_until_asked_and_asking_twice_keeps_what_is_there(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "usage_home")
    assert not home.lake.exists()
    assert home.create() == home
    (home.lake / "kept").write_text("x")
    home.create()
    assert sorted(path.name for path in home.root.iterdir()) == ["dagster", "lake", "landing", "outbox", "prices", "reports", "scratch"]
    assert (home.lake / "kept").read_text() == "x"


def test_a_relative_home_still_names_the_database_from_the_top(tmp_path: Path) -> None:
    assert Home(Path("usage_home")).database_url == f"sqlite:///{Path.cwd() / 'usage_home' / 'usage.db'}"
