"""The commands, run on a workspace with a little history."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from connector import __version__
from connector.cli import SECTIONS, app
from connector.cli.status import _STRAYS
from connector.domain.outward.change import ChangeState
from connector.ports import NewDelivery, Settled, StrayReason
from connector.store.store import open_store
from tests.office import SECRET_KEY
from tests.rehearsal import Rehearsal, rehearsed

ADA = "ada@example.com"
PROGRAMS = Path(__file__).parents[2] / "mappings" / "programs"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Ada read a report and clicked; Bruno and Carla are merely there."""
    with rehearsed(tmp_path_factory.mktemp("rehearsal")) as found:
        ada = found.portal.create_contact(
            ADA, user=None, firstname="Ada", lastname="Rossi", jobtitle="Plant Manager", industry="MACHINERY"
        )
        for name in ("bruno", "carla"):
            found.portal.create_contact(f"{name}@example.com", user=None, firstname=name.title())
        found.portal.marketing.submit_form(ADA, "Report 2026", last_report_topic="Energy costs")
        found.let_pass(timedelta(hours=1))
        found.portal.marketing.click_email(ada, "Thank you for reading")
        found.let_pass(timedelta(hours=1))
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="coltiva")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def read(result: Result) -> Any:
    return json.loads(result.stdout)


def flat(result: Result) -> str:
    """What was printed, on one line however it was wrapped."""
    return " ".join(result.output.split())


# --- help ---------------------------------------------------------------------------------------------------

COMMANDS = [
    *((name,) for names in SECTIONS.values() for name in names),
    ("connect", "hubspot"),
    ("dead-letters", "list"),
    ("dead-letters", "retry"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(run: Any, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert f"Usage: coltiva {' '.join(command)}" in result.output


def test_the_help_shows_every_command_in_its_section(run: Any) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert all(f"{title}:" in result.output for title in SECTIONS)
    assert {name for names in SECTIONS.values() for name in names} == set(get_command(app).commands)
    assert "..." not in result.output.split("Try it:")[1], "a summary is cut short"


@pytest.mark.parametrize("group", ["connect", "keys", "programs", "dead-letters"])
def test_a_group_says_what_each_of_its_commands_does(run: Any, group: str) -> None:
    result = run(group, "--help")

    assert "..." not in result.output.split("Commands:")[1], "a summary is cut short"


def test_a_command_that_is_not_there_is_a_usage_error_with_a_hint(run: Any) -> None:
    result = run("explian")

    assert result.exit_code == 2
    assert "explain" in result.output


def test_the_version_is_told(run: Any) -> None:
    assert run("--version").output == f"coltiva {__version__}\n"


# --- looking ------------------------------------------------------------------------------------------------


def test_leads_are_listed_with_score_and_programs(run: Any) -> None:
    found = read(run("leads", "--json"))["leads"]

    ada = next(lead for lead in found if lead["email"] == ADA)
    assert len(found) == 3
    assert ada["scores"]["lead_score"]["grade"] == "B"
    assert ada["programs"] == [{"program": "new_contact", "phase": "awareness", "state": "running"}]


def test_the_most_promising_lead_comes_first(run: Any) -> None:
    found = read(run("leads", "--json"))["leads"]

    points = [lead["scores"]["lead_score"]["points"] for lead in found]
    assert found[0]["email"] == ADA
    assert points == sorted(points, reverse=True)


def test_who_did_something_last_comes_first_when_asked(run: Any) -> None:
    found = read(run("leads", "--sort", "activity", "--json"))["leads"]

    assert found[0]["email"] == ADA
    assert found[0]["active_at"] == "2026-09-07T09:00:00.000+00:00"
    assert [lead["active_at"] for lead in found[1:]] == [None, None]


def test_a_lead_to_go_on_from_must_be_there(run: Any) -> None:
    result = run("leads", "--after", "L0")

    assert result.exit_code == 2
    assert "There is no lead L0 to go on from." in result.output


@pytest.mark.parametrize("order", ["score", "activity", "id"])
def test_leads_come_in_pages_that_together_are_all_of_them(run: Any, order: str) -> None:
    first = read(run("leads", "--sort", order, "--limit", "2", "--json"))
    second = read(run("leads", "--sort", order, "--limit", "2", "--after", first["next"], "--json"))

    emails = [lead["email"] for page in (first, second) for lead in page["leads"]]
    assert sorted(emails) == [ADA, "bruno@example.com", "carla@example.com"]
    assert second["next"] is None


def test_the_table_of_leads_tells_how_to_go_on(run: Any) -> None:
    result = run("leads", "--limit", "1")

    assert "More:  coltiva leads --sort score --limit 1 --after L" in result.output


@pytest.mark.parametrize("who", [ADA, "ADA@example.com", "541935000001"])
def test_a_lead_is_found_by_address_or_record(run: Any, who: str) -> None:
    assert read(run("explain", who, "--json"))["email"] == ADA


def test_an_explanation_is_complete_and_adds_up(run: Any) -> None:
    explained = read(run("explain", ADA, "--json"))

    (score,) = explained["scores"]
    assert sum(reason["tenths"] for part in score["parts"] for reason in part["reasons"]) == score["tenths"]
    assert [wait["what"] for wait in explained["enrolments"][0]["waits"]] == ["sending second_read"]
    assert {"what": "coltiva_phase = awareness", "state": "done"}.items() <= {
        key: value
        for write in explained["writes"]
        if write["what"].startswith("coltiva_phase")
        for key, value in write.items()
    }.items()


def test_an_explanation_reads_in_the_time_of_the_workspace(run: Any) -> None:
    result = run("explain", ADA)

    assert "Ada Rossi <ada@example.com>" in result.output
    assert "Mon 7 Sep 2026 10:00" in result.output
    assert "waits for sending second_read" in result.output
    assert "until Thu 10 Sep 2026 10:00" in result.output


def test_a_lead_is_explained_as_it_stood_at_a_moment(run: Any) -> None:
    now, then = read(run("explain", ADA, "--json")), read(run("explain", ADA, "--at", "2026-09-07 10:30", "--json"))

    assert then["scores"][0]["points"] < now["scores"][0]["points"]
    assert [wait["what"] for wait in then["enrolments"][0]["waits"]] == [
        "an answer to thank_you",
        "sending second_read",
    ]
    assert [one["kind"] for one in now["timeline"]].count("answered") == 1
    assert [one["kind"] for one in then["timeline"]].count("answered") == 0


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-09-01", "was not known yet"),
        ("2026-12-24", "has not come yet"),
        ("tuesday", "is no moment; write 2026-11-24"),
        ("2026-09-07T10:00+02:00", "without an offset"),
    ],
)
def test_a_moment_that_cannot_be_explained_is_told(run: Any, moment: str, words: str) -> None:
    result = run("explain", ADA, "--at", moment)

    assert result.exit_code == 2
    assert words in flat(result)


def test_an_unknown_lead_is_said_to_be_unknown(run: Any) -> None:
    result = run("explain", "nobody@example.com")

    assert result.exit_code == 2
    assert "There is no lead nobody@example.com." in result.output


def test_the_signals_that_a_lead_gave_are_listed_with_their_times(run: Any) -> None:
    given = read(run("explain", ADA, "--json"))["signals"]

    assert [(one["signal"], one["times"]) for one in given][:2] == [("email_clicked", 1), ("email_opened", 1)]
    assert given[-1]["attributes"] == {"topic": "Energy costs"}
    assert "report_read 1 time last Mon 7 Sep 2026 10:00 topic Energy costs" in flat(run("explain", ADA))


def test_status_asks_for_a_worker_when_none_runs(run: Any) -> None:
    result = run("status", "--json")

    assert result.exit_code == 1
    assert read(result)["needs"] == ["no worker is running. Start one: coltiva serve"]
    assert read(result)["health"]["leads"] == 3


@pytest.fixture
def worker(rehearsal: Rehearsal) -> Iterator[None]:
    """A worker that was seen just now."""
    now, store = rehearsal.sandbox.clock.now(), rehearsal.services.store
    with store.transaction() as transaction:
        transaction.leases.take("worker:here", "here", now + timedelta(minutes=1), now)
    yield
    with store.transaction() as transaction:
        transaction.leases.release("worker:here", "here")


@pytest.mark.usefixtures("worker")
def test_status_is_content_when_all_is_well(run: Any) -> None:
    result = run("status")

    assert result.exit_code == 0
    assert "All is well." in result.output
    assert "hubspot:62515001" in result.output


@pytest.fixture
def paused(rehearsal: Rehearsal) -> Iterator[None]:
    """HubSpot refused the token."""
    store = rehearsal.services.store
    with store.transaction() as transaction:
        (connection,) = transaction.connections.all()
        transaction.connections.pause(connection.id, "HubSpot no longer accepts the access token (401).")
    yield
    with store.transaction() as transaction:
        transaction.connections.save(connection, rehearsal.sandbox.clock.now())


@pytest.mark.usefixtures("worker", "paused")
def test_a_paused_connection_is_told_with_what_ends_the_pause(run: Any) -> None:
    result = run("status")

    assert result.exit_code == 1
    assert "! hubspot:62515001 is paused: HubSpot no longer accepts the access token (401). " in flat(result)
    assert "With a good token: coltiva connect hubspot" in flat(result)


@pytest.fixture
def stray(rehearsal: Rehearsal) -> Iterator[None]:
    """An event of a portal that nobody connected."""
    event = {"portalId": 1, "objectId": 7, "subscriptionType": "contact.creation", "eventId": 1, "occurredAt": 0}
    now, store = rehearsal.sandbox.clock.now(), rehearsal.services.store
    store.keep(NewDelivery("hubspot", now, json.dumps([event]).encode()))
    rehearsal.catch_up()
    yield
    with closing(sqlite3.connect(rehearsal.services.settings.database_file)) as database, database:
        database.execute("DELETE FROM strays")


@pytest.mark.usefixtures("worker", "stray")
def test_what_was_set_aside_is_told_with_what_to_do_about_it(run: Any) -> None:
    result = run("status")

    assert result.exit_code == 0
    assert "All is well." not in result.output
    assert "1 event came from an account that is not connected. Connect it" in flat(result)


def test_for_whatever_is_set_aside_there_are_words() -> None:
    assert set(_STRAYS) == set(StrayReason)


@pytest.mark.usefixtures("worker", "refused")
def test_one_dead_letter_is_one(run: Any) -> None:
    assert "1 dead letter. See what the CRM said: coltiva dead-letters" in flat(run("status"))


def test_the_outbox_shows_what_was_written(run: Any) -> None:
    changes = read(run("outbox", "--state", "done", "--json"))["changes"]

    assert {change["kind"] for change in changes} >= {"properties", "membership"}
    assert "on Coltiva – second read" not in run("outbox").output
    assert "off Coltiva – thank you" in run("outbox", "--state", "done").output


def test_a_state_that_is_not_there_is_a_usage_error_that_names_those_that_are(run: Any) -> None:
    result = run("outbox", "--state", "lost")

    assert result.exit_code == 2
    assert "withdrawn" in result.output


# --- mending ------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(rehearsal: Rehearsal) -> Iterator[int]:
    """One change that HubSpot refused, in its own words; mended afterwards."""
    now, store = rehearsal.sandbox.clock.now(), rehearsal.services.store
    with store.transaction() as transaction:
        change = transaction.outbox.list(None, (ChangeState.DONE,), 1)[0]
        refusal = Settled(change, ChangeState.REFUSED, now, words="Property values were not valid")
        transaction.outbox.settle([refusal], now)
    yield change.id
    with store.transaction() as transaction:
        left = transaction.outbox.list(None, (ChangeState.REFUSED, ChangeState.PENDING), 10)
        transaction.outbox.settle([Settled(replace(one), ChangeState.DONE, now) for one in left], now)


def test_without_dead_letters_there_is_nothing_to_do(run: Any) -> None:
    result = run("dead-letters", "list")

    assert (result.exit_code, result.output) == (0, "There are no dead letters.\n")


def test_a_dead_letter_is_shown_with_the_words_of_the_crm(run: Any, refused: int) -> None:
    result = run("dead-letters", "list")

    assert result.exit_code == 1
    assert "» Property values were not valid" in result.output
    assert [change["id"] for change in read(run("dead-letters", "list", "--json"))["changes"]] == [refused]


@pytest.mark.parametrize("how", ["by id", "all"])
def test_a_dead_letter_is_tried_again_when_asked(run: Any, refused: int, how: str) -> None:
    result = run("dead-letters", "retry", "--all" if how == "all" else str(refused), "--json")

    assert read(result) == {"retried": 1}
    assert run("dead-letters", "list").exit_code == 0


def test_the_dead_letters_are_listed_without_saying_so(run: Any, refused: int) -> None:
    result = run("dead-letters", "--json")

    assert result.exit_code == 1
    assert [change["id"] for change in read(result)["changes"]] == [refused]
    assert "coltiva dead-letters retry --all" in run("dead-letters").output


def test_an_id_that_is_no_dead_letter_is_named_and_nothing_is_retried(run: Any, refused: int) -> None:
    result = run("dead-letters", "retry", "99999", str(refused))

    assert result.exit_code == 2
    assert "No dead letter has the id 99999; nothing was retried." in result.output
    assert run("dead-letters").exit_code == 1


@pytest.mark.parametrize("arguments", [(), ("17", "--all")])
def test_what_to_try_again_must_be_said_in_one_way(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("dead-letters", "retry", *arguments).exit_code == 2


def test_every_lead_is_what_its_facts_make_of_it(run: Any) -> None:
    result = run("replay", "--verify")

    assert (result.exit_code, result.output) == (0, "3 leads replayed: every one is what its facts make of it.\n")


def test_a_lead_that_was_tampered_with_is_found(run: Any, rehearsal: Rehearsal) -> None:
    ada = read(run("explain", ADA, "--json"))["id"]
    tamper = "UPDATE leads SET doc = replace(doc, 'Rossi', ?) WHERE id = ?"
    with closing(sqlite3.connect(rehearsal.services.settings.database_file)) as database:
        with database:
            database.execute(tamper, ("Bianchi", ada))

        result = run("replay", "--verify", "--json")

        with database:
            database.execute("UPDATE leads SET doc = replace(doc, 'Bianchi', ?) WHERE id = ?", ("Rossi", ada))
    assert result.exit_code == 1
    assert read(result)["differing"] == [ada]


def test_a_replay_must_be_told_what_for(run: Any) -> None:
    assert run("replay").exit_code == 2


# --- setting up ---------------------------------------------------------------------------------------------


def test_a_portal_may_be_connected_again(run: Any, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", rehearsal.token)

    result = run("connect", "hubspot")

    assert result.exit_code == 0
    assert "HubSpot portal 62515001 is connected to workspace acme." in result.output
    assert "coltiva_score" in read(run("connect", "hubspot", "--json"))["properties"]


def test_a_token_that_hubspot_does_not_know_is_not_kept(
    run: Any, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_TOKEN", "pat-eu1-forged-0000")

    result = run("connect", "hubspot", "--token-env", "OTHER_TOKEN")

    assert result.exit_code == 3
    assert "HubSpot was not connected." in result.output
    assert "on the app's Auth page" in result.output
    assert "forged" not in result.output
    with rehearsal.services.store.transaction() as transaction:
        assert [connection.token for connection in transaction.connections.all()] == [rehearsal.token]


def test_a_hubspot_that_cannot_be_reached_is_told_with_its_address(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLTIVA_HUBSPOT_BASE_URL", "http://127.0.0.1:1")

    result = run("connect", "hubspot", "--token-stdin", stdin="pat-eu1-any")

    assert result.exit_code == 3
    assert "Can this machine reach http://127.0.0.1:1 (COLTIVA_HUBSPOT_BASE_URL)?" in result.output


def test_a_token_that_is_not_there_is_asked_for(run: Any) -> None:
    result = run("connect", "hubspot", "--token-env", "NO_SUCH_TOKEN")

    assert result.exit_code == 3
    assert "NO_SUCH_TOKEN holds no token." in result.output
    assert "--token-stdin" in result.output


def test_a_token_may_come_through_standard_input(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.delenv("HUBSPOT_TOKEN", raising=False)

    result = run("connect", "hubspot", "--token-stdin", stdin=f"{rehearsal.token}\n")

    assert result.exit_code == 0
    assert "HubSpot portal 62515001 is connected" in result.output


def test_no_example_shows_a_token_on_the_command_line(run: Any) -> None:
    assert "TOKEN=" not in run("connect", "hubspot", "--help").output


def test_a_mapping_that_writes_nothing_back_is_told_so(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, run: Any, tmp_path: Path
) -> None:
    text = "format: 1\nworkspace: acme\ntimezone: Europe/Rome\nfields: {email: {hubspot: email, identity: true}}\n"
    (tmp_path / "mapping.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("COLTIVA_MAPPINGS", str(tmp_path))
    monkeypatch.setenv("COLTIVA_DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")

    result = run("connect", "hubspot", "--token-stdin", stdin=rehearsal.token)

    assert result.exit_code == 0, result.output
    assert "The mapping has no write_back, so Coltiva keeps no property there." in result.output


def test_the_shipped_mapping_is_right(run: Any) -> None:
    result = run("check")

    assert result.exit_code == 0
    assert "all is well" in result.output
    assert read(run("check", "--json"))["ok"] is True


def test_a_mistake_in_a_mapping_is_shown_with_its_line_and_a_caret(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text("format: 1\nworkspace: acme\ntimezone: Europe/Roma\n", "utf-8")

    result = run("check", str(tmp_path))

    assert result.exit_code == 1
    assert f"{tmp_path}/mapping.yaml:3:11: " in result.output
    assert "^^^" in result.output
    assert result.output.endswith(f"1 file in {tmp_path}: 1 error, 0 warnings\n")
    (problem,) = read(run("check", str(tmp_path), "--json"))["problems"]
    assert (problem["line"], problem["column"]) == (3, 11)


def test_settings_that_are_wrong_are_all_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLTIVA_PORT", "eighty")
    monkeypatch.setenv("COLTIVA_LOG_LEVEL", "loud")

    result = run("status")

    assert result.exit_code == 3
    assert "COLTIVA_PORT" in result.output
    assert "COLTIVA_LOG_LEVEL" in result.output


@pytest.mark.parametrize("command", [("web",), ("serve",)])
def test_nothing_is_received_without_the_secret_that_tells_genuine_from_forged(
    run: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.delenv("COLTIVA_HUBSPOT_CLIENT_SECRET")

    result = run(*command)

    assert result.exit_code == 3
    assert "COLTIVA_HUBSPOT_CLIENT_SECRET is not set." in result.output


def test_a_worker_with_a_broken_mapping_says_what_is_broken_and_does_not_start(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text("format: 1\nworkspace: acme\ntimezone: Europe/Roma\n", "utf-8")
    monkeypatch.setenv("COLTIVA_MAPPINGS", str(tmp_path))

    result = run("worker")

    assert result.exit_code == 3
    assert f"{tmp_path}/mapping.yaml:3:11: " in result.output


def test_a_database_that_is_not_there_is_not_made_by_looking(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLTIVA_DATABASE_URL", f"sqlite:///{tmp_path / 'none.sqlite'}")

    result = run("leads")

    assert result.exit_code == 3
    assert "Begin with: coltiva connect hubspot" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["leads", "outbox", "dead-letters", "replay --verify"])
def test_a_workspace_that_is_not_there_is_answered_with_those_that_are(run: Any, command: str) -> None:
    result = run(*command.split(), "--workspace", "other")

    assert result.exit_code == 2
    assert "There is no workspace other. Known: acme." in result.output


def test_a_folder_that_is_not_there_for_the_database_is_named(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLTIVA_DATABASE_URL", f"sqlite:///{tmp_path / 'nowhere' / 'coltiva.sqlite'}")

    result = run("worker")

    assert result.exit_code == 3
    assert f"COLTIVA_DATABASE_URL: there is no folder {tmp_path / 'nowhere'}." in result.output


def test_a_sandbox_on_a_port_that_is_taken_says_so(run: Any) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        result = run("sandbox", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 3
    assert result.output.startswith("--port: port ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rate", "60"], "Coltiva would live in another time. Share it with --clock-file."),
        (["--clock-file", "/nowhere/clock.txt"], "there is no folder /nowhere."),
    ],
)
def test_a_sandbox_in_a_time_that_nobody_shares_is_refused(run: Any, arguments: list[str], words: str) -> None:
    result = run("sandbox", *arguments)

    assert result.exit_code == 2
    assert words in result.output


def test_status_asks_for_a_crm_where_none_is_connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    open_store(place, SECRET_KEY).migrate()
    monkeypatch.setenv("COLTIVA_DATABASE_URL", place)

    found = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)

    assert found["needs"][0] == "no CRM is connected. Connect one: coltiva connect hubspot (or salesforce)"


def test_a_sandbox_for_a_mapping_has_its_properties_forms_and_emails(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("connector.sandbox.__main__.main", lambda arguments: told.extend(arguments) or 0)

    run("sandbox", "--for", str(PROGRAMS))

    assert {"--property=contract_state:string", "--form=Report", "--form=Newsletter"} <= set(told)
    assert "--email=48211734:marketing:meeting_invitation" in told


def test_a_sandbox_for_a_mapping_that_is_not_there_says_so(run: Any) -> None:
    result = run("sandbox", "--for", "nowhere")

    assert result.exit_code == 3
    assert "nowhere: there is no mapping here" in result.output


# --- how it looks -------------------------------------------------------------------------------------------

PRINTING = [("leads",), ("explain", ADA), ("outbox", "--state", "done"), ("status",), ("dead-letters", "list")]


@pytest.mark.parametrize("width", ["40", "200"])
@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_output_keeps_to_the_width_of_the_terminal(
    run: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)

    result = run(*command)

    assert max(map(len, result.output.splitlines())) <= int(width)


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
def test_nothing_but_text_goes_where_no_terminal_is(run: Any, command: tuple[str, ...]) -> None:
    assert "\x1b" not in run(*command).output


# --- keys of the API ----------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_and_revoked(run: Any) -> None:
    made = read(run("keys", "add", "website", "--json"))
    listed = run("keys", "list")

    assert made["key"].startswith(f"coltiva_{made['id']}_")
    assert made["workspace"] == "acme"
    assert "website" in listed.output
    assert made["key"].split("_", 2)[2] not in listed.output

    assert run("keys", "revoke", made["id"]).exit_code == 0
    assert read(run("keys", "list", "--json"))["keys"][0]["revoked_at"]


def test_a_key_that_is_not_there_cannot_be_revoked(run: Any) -> None:
    result = run("keys", "revoke", "nonsense")

    assert result.exit_code == 2
    assert "coltiva keys list" in flat(result)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x1b[31mb"])
def test_a_holders_name_can_be_read_on_a_terminal(run: Any, name: str) -> None:
    assert run("keys", "add", name).exit_code == 2


def test_status_shows_signals_that_found_nobody(run: Any, rehearsal: Rehearsal) -> None:
    made = read(run("keys", "add", "shop", "--json"))
    body = json.dumps({"signals": [{"signal": "nobody_knows_this", "email": ADA}]}).encode()
    rehearsal.services.store.keep(NewDelivery(f"api:{made['workspace']}", rehearsal.services.clock.now(), body))
    rehearsal.let_pass(timedelta(minutes=1))

    result = run("status")

    assert "has a name that the mapping takes from nobody" in flat(result)


# --- messages ------------------------------------------------------------------------------------------------


def test_a_message_is_shown_as_a_lead_would_get_it(run: Any, tmp_path: Path) -> None:
    page = tmp_path / "hot.html"

    result = run("preview", "hot_lead", "--lead", ADA, "--html", str(page))

    assert result.exit_code == 0
    assert "Ada Rossi" in result.output
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_without_a_lead_a_message_is_shown_with_samples(run: Any) -> None:
    assert read(run("preview", "new_contact.decision.call", "--json"))[0]["kind"] == "task"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("preview", "no_such"), "hot_lead"), (("preview", "hot_lead", "--lead", "nobody@example.com"), "no lead nobody")],
)
def test_a_message_or_lead_that_is_not_there_is_named(run: Any, arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert words in flat(result)


def test_there_is_nothing_to_lift_where_nothing_stops_messages(run: Any) -> None:
    assert f"Nothing stops messages to {ADA}." in run("lift", ADA).output
    assert run("lift", "nobody@example.com").exit_code == 2
