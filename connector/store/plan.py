"""What the outbox should say about a lead, compared with what it says. Pure: no SQL, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.ids import ConnectionId, to_ref
from connector.domain.lead import Lead, Standing
from connector.domain.outward.change import Act, ChangeKind, ChangeState, Desired
from connector.domain.programs.enrolment import key_of
from connector.store.codec import decode_texts, encode, to_ms

MEMBER = {"member": "true"}
NO_MEMBER = {"member": "false"}
_NOTHING = Desired()


@dataclass(frozen=True, slots=True)
class Home:
    """A record of a lead that is written to."""

    connection_id: ConnectionId
    crm: str
    record_id: str
    ref: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What one row of desired state is to say."""

    home: Home
    kind: ChangeKind
    #: The list's title; empty for properties.
    key: str
    wanted: Mapping[str, str]
    due_at: int

    @property
    def slot(self) -> str:
        """The row's place among the rows of its lead."""
        return "|".join((self.kind, self.home.connection_id, self.home.record_id, self.key))


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """What the outbox says about a lead in one place: of desired state, and of acts that were not made."""

    id: int
    connection_id: ConnectionId
    record_id: str
    kind: ChangeKind
    key: str
    state: ChangeState
    #: As they are stored: most rows stay as they are, and are never read further than this.
    wanted: str
    written: str
    due_at: int
    attempts: int
    #: A call was begun for it, so that the CRM may hold what nobody saw arrive.
    was_attempted: bool


#: By slot.
Rows = Mapping[str, OutboxRow]


@dataclass(frozen=True, slots=True)
class RowChange:
    """What becomes of a row whose wish changed."""

    state: ChangeState
    wanted: str
    #: What the CRM is known to hold of what is wanted.
    written: str
    due_at: int
    attempts: int


def slot_of(act: Act) -> str:
    """The act's place among the rows of its lead."""
    return f"act|{act.key}"


def wishes_of(lead: Lead, homes: Sequence[Home], rows: Rows, now: int) -> Iterable[Wish]:
    """Every wish for the lead's records. Of an archived lead nothing is wanted, not even another state."""
    if lead.standing is Standing.ARCHIVED:
        return
    for home in homes:
        desired = lead.desired.get(home.crm, _NOTHING)
        properties = _properties_of(home, desired)
        if properties or any(_is_properties_of(home, row) for row in rows.values()):
            yield Wish(home, ChangeKind.PROPERTIES, "", properties, now)
        wanted = _lists_to_be_on(desired, home, rows)
        for title, since in wanted.items():
            yield Wish(home, ChangeKind.MEMBERSHIP, title, MEMBER, to_ms(since))
        for row in rows.values():
            if _is_membership_of(home, row) and row.key not in wanted:
                yield Wish(home, ChangeKind.MEMBERSHIP, row.key, NO_MEMBER, now)


def _properties_of(home: Home, desired: Desired) -> Mapping[str, str]:
    """Without those of other objects, which the record does not have: of a Salesforce lead no `Contact.Description`."""
    if not any("." in name for name in desired.properties):
        return desired.properties
    own = f"{to_ref(home.ref).object_type}."
    return {name: text for name, text in desired.properties.items() if "." not in name or name.lower().startswith(own)}


def _lists_to_be_on(desired: Desired, home: Home, rows: Rows) -> Mapping[str, datetime]:
    """The lists that are to hold the lead; those whose programs stand still, only if they do already."""
    if not desired.waiting:
        return desired.lists
    there = {row.key for row in rows.values() if _is_membership_of(home, row) and decode_texts(row.written) == MEMBER}
    return {title: since for title, since in desired.lists.items() if title not in desired.waiting or title in there}


def still_steps(lead: Lead) -> Mapping[str, bool]:
    """What the slots of the steps begin with that were taken before an enrolment or its program stood still.

    And whether they may still leave: what had not left is held, and is withdrawn where the enrolment ended meanwhile.
    """
    return {
        f"act|{key_of(each)}:": each.is_open or each.paused_at is None
        for each in lead.enrolments
        if each.paused_at is not None or each.program in lead.paused
    }


def is_step_of(slot: str, beginning: str) -> bool:
    """Whether the act is a step of the enrolment: behind it comes the visit, where a milestone has its name."""
    return slot.startswith(beginning) and slot[len(beginning) : len(beginning) + 1].isdigit()


def changed(row: OutboxRow, wish: Wish, *, is_back: bool = False) -> RowChange | None:
    """What a wish makes of the row that is there; None where the row says so already.

    A wish that the CRM fulfils already is done; one that takes back what never left is withdrawn. Everything else
    waits for its turn: in the row's old place where it waits for the CRM, and a refused row with a new chance. What is
    not wanted any more is no longer known either: others may change it from here on. What was refused has a new chance
    also where its record was deleted and is back.
    """
    wanted = encode(wish.wanted)
    if row.wanted == wanted and not (is_back and row.state is ChangeState.REFUSED):
        return None
    written = {name: value for name, value in decode_texts(row.written).items() if name in wish.wanted}
    known = encode(written)
    if wish.wanted == NO_MEMBER and not row.was_attempted:
        state = ChangeState.WITHDRAWN
    elif all(written.get(name) == value for name, value in wish.wanted.items()):
        state = ChangeState.DONE
    else:
        state = ChangeState.PENDING
    if row.state is ChangeState.PENDING and row.attempts:
        return RowChange(state, wanted, known, max(row.due_at, wish.due_at), row.attempts)
    return RowChange(state, wanted, known, wish.due_at, attempts=0)


def unwanted(acts: Iterable[Act], unmade: Rows) -> Sequence[OutboxRow]:
    """Of the acts that were not made, dead letters too, those that are not wanted any more."""
    wanted = {slot_of(act) for act in acts}
    return [row for slot, row in unmade.items() if slot not in wanted]


def _is_properties_of(home: Home, row: OutboxRow) -> bool:
    return (row.kind, row.connection_id, row.record_id) == (ChangeKind.PROPERTIES, home.connection_id, home.record_id)


def _is_membership_of(home: Home, row: OutboxRow) -> bool:
    return (row.kind, row.connection_id, row.record_id) == (
        ChangeKind.MEMBERSHIP,
        home.connection_id,
        home.record_id,
    )
