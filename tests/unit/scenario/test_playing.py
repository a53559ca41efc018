"""What a scenario says is what happens to leads, at the moments at which it happens."""

from __future__ import annotations

import pytest

from connector.domain.book import compile_book
from connector.mapping.load import names_in, parse_mapping
from connector.scenario import run
from connector.scenario.reading import read_scenarios
from tests.unit.scenario.stories import HEAD, passes, result_of, results_of


def test_messages_tasks_and_moves_are_seen_at_their_moments() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came}
        - {at: day 2 10:00, did: clicked}
        - {at: day 4 10:00, did: clicked}
        - at: day 6 10:00
          expect:
            entered: welcome
            sent: [{first: day 1 10:00}, {second: day 3 10:00}, {call: 2026-09-11 10:00}]
            answered: [{first: day 2 10:00}, {second: day 4 10:00}]
            moved: {call: day 5 10:00}
            tasks: {Call Ada: day 5 10:00}
    """)


def test_states_are_those_of_the_moment() -> None:
    assert passes("""
        - {at: day 1 10:00, set: {seats: 800}}
        - at: day 1 10:00
          did: came
          expect:
            programs: {welcome: hello}
            scores: {interest: 15}
            grades: {interest: B}
            segments: large
            lists: [first, big]
            fields: {seats: {gte: 500}, city: "", email: ada@example.com}
            hubspot: {our_phase: hello, our_grade: B}
            holds: {in_program: {welcome: hello}, seats: 800}
    """)


def test_a_moment_lasts_a_minute() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came, expect: {sent: first}}
        - {at: day 3 10:00, expect: {sent: second}}
        - {at: day 8 09:59, expect: {unanswered: []}}
        - {at: day 8 10:00, expect: {unanswered: first}}
        - {at: day 8 10:00, expect: {unanswered: []}}
    """)


def test_what_follows_an_expectation_in_its_minute_is_seen_as_many_days_later() -> None:
    assert passes("""
        - {at: day 1 10:00, expect: {sent: []}}
        - {at: day 1 10:00, did: came, expect: {sent: first}}
        - {at: day 1 10:00, did: clicked, expect: {answered: first}}
        - {at: day 3 10:00, expect: {sent: second}}
        - {at: day 10 10:00, expect: {unanswered: second}}
    """)


def test_nothing_slips_through_between_two_expectations_of_a_kind() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came}
        - {at: day 2 10:00, expect: {programs: {welcome: hello}}}
        - {at: day 4 10:00, expect: {sent: [first, second]}}
    """)


def test_a_list_that_ends_with_dots_may_have_more_in_it() -> None:
    steps = "- {{at: day 1 10:00, did: came}}\n- {{at: day 4 10:00, expect: {{sent: {}}}}}"

    assert passes(steps.format("[first, ...]"))
    assert passes(steps.format("[second, ...]"))
    assert passes(steps.format("[...]"))
    assert not passes(steps.format("[second, first, ...]"))
    assert not passes(steps.format("[second]"))
    assert not passes(steps.format("[]"))


def test_states_in_a_list_are_all_unless_it_ends_with_dots() -> None:
    steps = "- {{at: day 1 10:00, set: {{seats: 600}}, did: came, expect: {{lists: {}}}}}"

    assert passes(steps.format("[first, big]"))
    assert passes(steps.format("[big, first]"))
    assert passes(steps.format("[big, ...]"))
    assert not passes(steps.format("[big]"))
    assert not passes(steps.format("[]"))


def test_an_activity_goes_by_its_name_or_with_its_phase_and_program() -> None:
    steps = "- {{at: day 1 10:00, did: came, expect: {{sent: {}}}}}"

    assert passes(steps.format("first"))
    assert passes(steps.format("hello.first"))
    assert passes(steps.format("welcome.hello.first"))
    assert not passes(steps.format("second"))


def test_what_never_may_happen_is_looked_for_in_the_whole_scenario() -> None:
    steps = "- {at: day 1 10:00, did: came}\n- {at: day 3 10:00}"

    assert passes(steps, never="{sent: call, tasks: '*', entered: {welcome: day 2 10:00}}")
    assert not passes(steps, never="{sent: [call, second]}")
    assert not passes(steps, never="{entered: {welcome: day 1 10:00}}")


def test_a_changed_property_gives_the_signals_that_the_mapping_reads_from_it() -> None:
    assert passes("""
        - at: day 1 10:00
          set: {city: Rome, hubspot: {last_form: Report}}
          expect: {signals: came, entered: welcome, fields: {city: Rome}}
    """)


def test_a_crm_word_becomes_ours_and_ours_stays() -> None:
    assert passes("""
        - {at: day 1 10:00, set: {industry: COMPUTER_SOFTWARE}, expect: {fields: {industry: software}}}
        - {at: +1h, set: {industry: software}, expect: {fields: {industry: software}}}
        - {at: +1h, set: {topics: [a, b], birthday: 2026-12-01}}
        - {at: +1h, expect: {fields: {topics: b, birthday: 2026-12-01}}}
        - {at: +1h, set: {topics: "", city: Rome}, expect: {fields: {topics: ""}}}
        - {at: +1h, set: {city: ""}, expect: {fields: {city: ""}}}
    """)


def test_emails_leave_until_something_stops_them_and_a_person_lifts_that() -> None:
    assert passes("""
        - {at: day 1 10:00, enrol: care, expect: {emails: {offer: day 1 10:00}, sent: care.mail.mail}}
        - {at: day 2 10:00, did: bounced, expect: {stopped: bounced}}
        - {at: day 3 10:00, enrol: care, expect: {emails: [], sent: [], exited: care}}
        - {at: day 8 10:00, lift: true, expect: {lifted: bounced}}
        - {at: day 8 11:00, enrol: care, expect: {emails: offer}}
    """)


def test_tags_and_personas_come_and_go() -> None:
    assert passes("""
        - {at: day 1 10:00, did: clicked, expect: {tags: keen_one, tagged: keen_one, persona: visitor}}
        - {at: day 2 10:00, set: {seats: 700}, expect: {persona: boss, personas: [{boss: day 2 10:00}, ...]}}
        - {at: day 12 10:00, expect: {tags: [], untagged: {keen_one: day 11 10:00}}}
    """)


def test_signals_carry_their_attributes() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came, with: {form: Report}}
        - {at: +1d, did: [answered, clicked], with: {grade: 5}}
        - {at: +1d, expect: {signals: [came, answered, clicked], won: welcome}}
    """)


def test_people_enrol_and_remove_leads_by_hand() -> None:
    assert passes("""
        - {at: day 1 10:00, enrol: welcome, expect: {entered: welcome, sent: first}}
        - {at: +1d, exit: welcome, expect: {exited: welcome, programs: {welcome: exited}, lists: []}}
        - {at: +1d, enrol: welcome, expect: {not_entered: welcome}}
    """)


def test_a_contact_that_is_created_is_new_and_one_that_was_there_is_not() -> None:
    given = HEAD.replace("firstname: Ada", "seats: 900")

    assert passes("- {at: day 1 10:00, expect: {segments: large, joined: [large, big]}}", head=given)
    assert passes(
        "- {at: day 1 09:30, expect: {segments: []}}\n- {at: day 1 10:00, contact: created, expect: {lists: big}}",
        head=given,
    )


def test_a_deleted_contact_gets_nothing_until_it_is_restored() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came, expect: {lists: first}}
        - {at: day 2 10:00, contact: deleted, expect: {lists: []}}
        - {at: day 4 10:00, contact: restored, expect: {sent: [first, second], lists: [first, second]}}
    """)


def test_leads_live_beside_one_another() -> None:
    head = "format: 1\nbegins: 2026-09-07 09:00\nleads: {ada: {firstname: Ada}, bruno: {seats: 600}}\n"

    assert passes(
        """
        - {at: day 1 10:00, lead: [ada, bruno], did: came}
        - {at: day 2 10:00, lead: ada, did: clicked}
        - {at: day 3 10:00, lead: ada, expect: {answered: first, segments: []}}
        - {at: day 3 10:00, lead: bruno, expect: {answered: [], segments: large}}
        """,
        head=head,
    )


def test_a_scenario_has_more_to_say_of_the_leads_of_its_file() -> None:
    results = results_of(
        f"{HEAD}scenarios:\n"
        "  large: {lead: {seats: 900}, steps: [{expect: {segments: large, fields: {firstname: Ada}}}]}\n"
        "  later: {begins: 2026-12-24 20:00, steps: [{at: day 1 21:00, did: came},\n"
        "    {at: 2026-12-28 09:00, expect: {sent: {first: 2026-12-28 09:00}}}]}\n"
    )

    assert [result.text for result in results] == ["", ""]


def test_tasks_and_notes_are_known_by_what_they_say_when_they_are_decided() -> None:
    assert passes("""
        - {at: day 1 10:00, did: [came, came]}
        - at: day 1 10:00
          expect: {notified: keen, tasks: {Ada is keen: day 1 10:00}, notes: "Keen on*"}
    """)


def test_steps_of_one_moment_happen_as_they_are_written() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came}
        - {at: day 1 10:00, contact: deleted}
        - {at: day 1 10:00, contact: restored}
        - {at: day 1 10:00, did: clicked, expect: {signals: [came, clicked], answered: first}}
        - {at: day 3 10:00, expect: {sent: [first, second]}}
    """)


def test_a_program_never_entered_is_never() -> None:
    assert passes("- {at: day 9 10:00, expect: {programs: {welcome: never}, sent: []}}")


def test_playing_again_gives_the_same() -> None:
    steps = "- {at: day 1 10:00, did: came}\n- {at: day 30 10:00, expect: {sent: first}}"

    assert result_of(steps).text == result_of(steps).text


# --- clocks -------------------------------------------------------------------------------------------------

CLOCKS = {
    "a working day is the same hour on both sides of summer time": (
        "2026-03-28 12:00",
        """
        - {at: 2026-03-28 12:00, did: came}
        - {at: 2026-03-30 09:00, expect: {sent: {first: 2026-03-30 09:00}}}
        """,
    ),
    "so many days are so many times 24 hours": (
        "2026-03-26 10:00",
        """
        - {at: 2026-03-26 10:00, did: came, expect: {sent: first}}
        - {at: +7d, expect: {unanswered: {first: 2026-04-02 11:00}}}
        """,
    ),
    "an hour that comes twice is the first of them": (
        "2026-10-25 01:00",
        """
        - {at: 2026-10-25 02:30, set: {seats: 800}}
        - {at: +1h, expect: {joined: [{large: 2026-10-25 02:30}, big]}}
        - {at: 2026-10-25 03:30, expect: {segments: large}}
        """,
    ),
    "a leap day is a day": (
        "2028-02-28 10:00",
        """
        - {at: day 1 10:00, did: came}
        - {at: day 3 10:00, expect: {sent: [first, {second: 2028-03-01 10:00}]}}
        """,
    ),
    "nothing leaves on a holiday": (
        "2026-12-24 17:00",
        """
        - {at: 2026-12-25 10:00, did: came, expect: {entered: welcome, sent: []}}
        - {at: 2026-12-28 09:00, expect: {sent: {first: 2026-12-28 09:00}}}
        """,
    ),
    "a lead far away is sent things in its own working hours": (
        "2026-09-07 09:00",
        """
        - {at: day 1 09:00, set: {zone: America/New_York}}
        - {at: day 1 10:00, did: came, expect: {sent: []}}
        - {at: day 1 15:00, expect: {sent: {first: day 1 15:00}}}
        """,
    ),
}


@pytest.mark.parametrize(("begins", "steps"), CLOCKS.values(), ids=CLOCKS)
def test_clocks_are_those_of_the_world(begins: str, steps: str) -> None:
    assert passes(steps, head=f"format: 1\nbegins: {begins}\nlead: {{firstname: Ada}}\n")


def test_a_person_lets_a_program_stand_still_and_go_on() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came}
        - {at: day 2 10:00, pause: welcome}
        - {at: day 4 10:00, expect: {sent: first}}
        - {at: day 4 10:00, resume: welcome}
        - {at: day 5 10:00, expect: {sent: {second: day 5 10:00}}}
    """)


def test_a_person_moves_a_lead_into_a_phase_of_another_program() -> None:
    assert passes("""
        - {at: day 1 10:00, enrol: care}
        - {at: day 2 10:00, did: came}
        - {at: day 3 10:00, move: {from: welcome, to: care}, expect: {exited: welcome, entered: [care, welcome, care]}}
        - {at: day 3 11:00, move: {to: welcome, phase: call}, expect: {not_entered: welcome}}
    """)
    assert passes("""
        - {at: day 1 10:00, move: {to: welcome, phase: call}, expect: {entered: welcome, sent: call}}
    """)


PARTING = """\
format: 1
workspace: parting
timezone: Europe/Rome
frequency_cap: {messages: 1, per: 3d}
fields:
  email:     {hubspot: email, identity: true}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
  seats:     {hubspot: seats, type: number}
programs:
  parting:
    enrol: by_hand
    phases:
      one:
        activities:
          size:  {choose: {large: {when: {seats: {gte: 50}}, activities: {call: {send: {task: Call}}}}}}
          first: {send: {list: first}}
          small: {when: {seats: {lt: 50}}, send: {note: Small}}
          later: {after: 1d, send: {list: later}}
lists: {first: First, later: Later}
"""


@pytest.mark.parametrize(("seats", "way"), [(50, "size.large"), (5, "size")])
def test_ways_taken_and_what_is_left_out_or_put_off_are_seen(seats: int, way: str) -> None:
    files = {"parting.yaml": PARTING}
    left_out = "small" if seats >= 50 else "[]"
    report, scenarios = read_scenarios(
        {
            "here.yaml": f"""\
format: 1
scenarios:
  parts:
    begins: 2026-09-07 09:00
    lead: {{seats: {seats}}}
    steps:
      - {{at: day 1 10:00, enrol: parting, expect: {{chose: {way}, left_out: {left_out}}}}}
      - {{at: day 2 10:00, expect: {{put_off: later, sent: [first, ...]}}}}
      - {{at: day 4 10:00, expect: {{put_off: [], sent: {{later: day 4 10:00}}}}}}
"""
        },
        compile_book(parse_mapping(files)),
        names_in(files),
    )

    assert report.problems == ()
    assert [run(scenario).text for scenario in scenarios if not run(scenario).is_right] == []
