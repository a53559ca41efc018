"""What the README tells a newcomer to type works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.cli import app
from connector.demo.people import invent
from tests.rehearsal import Rehearsal, rehearsed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOOR = (ROOT / "webhooks" / "README.md").read_text("utf-8")


def commands(text: str) -> list[str]:
    """Every `coltiva` line in the shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = (line.split("  #")[0].strip() for block in blocks for line in block.splitlines())
    return [line.removeprefix("coltiva ") for line in lines if line.startswith("coltiva ")]


#: Commands that only look: they are run as they stand, on a workspace with one lead.
LOOKING = [line for line in commands(README) if line.split()[0] in ("status", "leads", "outbox", "replay")]
#: 1 is no failure: it says that something needs a person.
EXPECTED = {"status": 1}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsed(tmp_path_factory.mktemp("readme")) as found:
        found.portal.create_contact("ada@example.com", user=None, firstname="Ada")
        found.catch_up()
        yield found


@pytest.mark.parametrize("line", commands(README))
def test_every_command_of_the_readme_is_understood(line: str) -> None:
    result = CliRunner().invoke(app, [*shlex.split(line), "--help"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("line", LOOKING)
def test_every_look_around_of_the_readme_works(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    result = CliRunner().invoke(app, shlex.split(line))

    assert result.exit_code == EXPECTED.get(line.split()[0], 0), result.output


def test_the_lead_of_the_tour_is_in_the_demo() -> None:
    (address,) = set(re.findall(r"coltiva explain (\S+@example\.com)", README))

    assert address == invent(60, seed=1)[0].email


def test_the_mistake_of_the_tour_is_told_as_the_readme_says(tmp_path: Path) -> None:
    for file in (ROOT / "mappings" / "programs").glob("*.yaml"):
        text = file.read_text("utf-8")
        (tmp_path / file.name).write_text(text.replace("{industry: [", "{industri: ["), "utf-8")

    result = CliRunner().invoke(app, ["check", str(tmp_path)])

    shown = README[README.index("mappings/mine/sales.yaml:") :].split("```")[0]
    assert shown.replace("mappings/mine", str(tmp_path)) in result.output


def test_every_answer_of_the_door_is_in_its_table() -> None:
    from connector.errors import DeliveryError

    for error in DeliveryError.__subclasses__():
        assert f"| {error.status} | `{error.code}` |" in DOOR


@pytest.mark.parametrize("text", [README, DOOR], ids=["README.md", "webhooks/README.md"])
def test_every_link_leads_somewhere(text: str) -> None:
    folder = ROOT if text is README else ROOT / "webhooks"
    links = re.findall(r"\]\(([^)#:]+)\)", text)

    assert [link for link in links if not (folder / link).exists()] == []
