"""Where leads stand, one line each."""

from __future__ import annotations

from connector.domain.ids import LeadId
from connector.domain.lead import Lead
from connector.domain.programs.enrolment import Enrolment, EnrolmentState
from connector.engine.telling.roster import Place, places
from tests.builders import after


def way(program: str, number: int, state: EnrolmentState, days: int) -> Enrolment:
    return Enrolment(program, number, after(days=days), "offer", after(days=days), state=state)


def test_an_ended_way_through_a_program_shows_how_it_ended() -> None:
    lead = Lead(LeadId("L1"), enrolments=(way("renewal", 1, EnrolmentState.WON, 0),))

    assert places(lead) == (Place("renewal", "offer", "won"),)


def test_of_several_ways_through_a_program_the_latest_counts_and_the_latest_program_comes_first() -> None:
    lead = Lead(
        LeadId("L1"),
        enrolments=(
            way("renewal", 1, EnrolmentState.EXITED, 0),
            way("welcome", 1, EnrolmentState.RUNNING, 3),
            way("renewal", 2, EnrolmentState.WON, 5),
        ),
    )

    assert places(lead) == (Place("renewal", "offer", "won"), Place("welcome", "offer", "running"))


def test_a_lead_that_never_entered_a_program_stands_nowhere() -> None:
    assert places(Lead(LeadId("L1"))) == ()
