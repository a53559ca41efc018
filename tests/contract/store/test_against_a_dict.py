"""Whatever happens in whatever order, the store ends where a few plain dictionaries end.

Leads are heard of, get mail, change their minds; calls begin, arrive, fail, get lost; the dispatcher dies. In the end
the CRM holds what is wanted, and every task was made once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connector.domain.lead import Standing
from connector.domain.outward.change import ACTS, ChangeKind, ChangeState
from connector.ports import OutboxChange, SavedLead, Settled, StoredLead
from tests.builders import START, after
from tests.contract.store.conftest import NewPlace
from tests.contract.store.scene import ACME, CONNECTION, Scene, fact, judged, lead_of, task, wants

RECORDS = st.sampled_from("12")
WISHES = st.fixed_dictionaries(
    {
        "properties": st.dictionaries(st.sampled_from(["score", "grade"]), st.sampled_from("AB"), min_size=1),
        "lists": st.sets(st.sampled_from(["Hot", "Warm"])),
        "acts": st.sets(st.sampled_from(["call", "meet", "mail"])),
        "anew": st.booleans(),
        "archived": st.sampled_from([False, False, True]),
    }
)
LATER = after(days=30)


@dataclass
class ModelLead:
    """What a lead should be."""

    facts: set[str] = field(default_factory=set)
    properties: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    acts: set[str] = field(default_factory=set)
    archived: bool = False


class Crm:
    """A CRM that remembers. It knows acts by their keys, as ours do."""

    def __init__(self) -> None:
        self.properties: dict[tuple[str, str], str] = {}
        self.members: set[tuple[str, str]] = set()
        self.acts: set[str] = set()

    def write(self, change: OutboxChange) -> None:
        """What a call brings about."""
        if change.kind is ChangeKind.PROPERTIES:
            self.properties |= {(change.record_id, name): value for name, value in change.to_write.items()}
        elif change.kind is ChangeKind.MEMBERSHIP and change.wanted["member"] == "true":
            self.members.add((change.record_id, change.key))
        elif change.kind is ChangeKind.MEMBERSHIP:
            self.members.discard((change.record_id, change.key))
        else:
            self.acts.add(change.key)


class StoreAgainstDict(RuleBasedStateMachine):
    """The store and the dictionaries, side by side."""

    def __init__(self, new_place: NewPlace) -> None:
        super().__init__()
        self.place = new_place()
        self.scene = Scene(self.place.open()).connected()
        self.crm = Crm()
        self.leads: dict[str, ModelLead] = {}
        self.calls: list[OutboxChange] = []
        self.arrived = False
        #: Acts whose call began once: from then on the CRM is asked before anything is made.
        self.begun: set[str] = set()
        #: Records and properties of which a lost answer left us in the dark.
        self.in_the_dark: set[tuple[str, str]] = set()

    @initialize()
    def hear_of_everybody(self) -> None:
        self.scene.meet(*"12")
        self.leads = {record_id: ModelLead() for record_id in "12"}

    @rule(record_id=RECORDS, keys=st.lists(st.sampled_from("abcdef"), max_size=4))
    def get_mail(self, record_id: str, keys: list[str]) -> None:
        lead = self.leads[record_id]

        new = self.scene.mail(lead_of(record_id), *(fact(key) for key in keys))

        assert new == len(set(keys) - lead.facts)
        lead.facts |= set(keys)

    @rule(record_id=RECORDS, wishes=st.tuples(WISHES, WISHES))
    def decide(self, record_id: str, wishes: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Something happens to one lead; whoever has mail is judged."""
        news = f"news {len(self.leads[record_id].facts)}"
        self.get_mail(record_id, [news])

        def judge(stored: StoredLead) -> SavedLead:
            (name,) = (one for one in self.leads if lead_of(one) == stored.lead.id)
            wish = wishes[name != record_id]
            self._remember(self.leads[name], wish, is_first=stored.version == 1)
            return judged(
                stored,
                desired={} if wish["archived"] else wants(wish["properties"], *wish["lists"]),
                acts=[task(key) for key in sorted(wish["acts"])],
                standing=Standing.ARCHIVED if wish["archived"] else Standing.ACTIVE,
                refolded=wish["anew"],
            )

        claimed = self.scene.judge(judge)

        assert lead_of(record_id) in {stored.lead.id for stored in claimed}

    def _remember(self, lead: ModelLead, wish: dict[str, Any], *, is_first: bool) -> None:
        lead.archived = wish["archived"]
        # Folded anew, acts are all that are wanted; otherwise they are some more.
        lead.acts = set(wish["acts"]) if wish["anew"] or is_first else lead.acts | wish["acts"]
        if not lead.archived:
            lead.properties, lead.lists = wish["properties"], wish["lists"]

    @precondition(lambda self: not self.calls)
    @rule(limit=st.integers(1, 5))
    def begin_calls(self, limit: int) -> None:
        with self.scene.store.reading() as transaction:
            due = list(transaction.outbox.due(CONNECTION.id, START, limit))
        self.scene.attempt(*due)
        self._judge_calls(due)
        self.calls, self.arrived = [change for change in due if change.kind in ACTS or change.to_write], False

    def _judge_calls(self, due: list[OutboxChange]) -> None:
        """No call may be needless, unwanted or a repetition."""
        for change in due:
            (lead,) = (model for record_id, model in self.leads.items() if lead_of(record_id) == change.lead_id)
            assert not lead.archived
            if change.kind in ACTS and change.key not in self.begun:
                assert change.key.partition("|")[2] in lead.acts
                self.begun.add(change.key)
            if change.kind is ChangeKind.PROPERTIES:
                for name, value in change.to_write.items():
                    known = (change.record_id, name) not in self.in_the_dark
                    assert not known or self.crm.properties.get((change.record_id, name)) != value

    @precondition(lambda self: self.calls and not self.arrived)
    @rule()
    def calls_arrive(self) -> None:
        for change in self.calls:
            self.crm.write(change)
        self.arrived = True

    @precondition(lambda self: self.calls and self.arrived)
    @rule()
    def calls_are_answered(self) -> None:
        self._settle(ChangeState.DONE)
        self.in_the_dark -= self._touched()
        self.calls = []

    @precondition(lambda self: self.calls)
    @rule()
    def answers_are_lost(self) -> None:
        self.in_the_dark |= self._touched()
        self._settle(ChangeState.PENDING)
        self.calls = []

    @precondition(lambda self: self.calls and not self.arrived)
    @rule()
    def calls_are_refused(self) -> None:
        self.in_the_dark |= self._touched()
        self._settle(ChangeState.REFUSED)
        self.calls = []

    @precondition(lambda self: self.calls)
    @rule()
    def the_dispatcher_dies(self) -> None:
        self.in_the_dark |= self._touched()
        self.calls = []

    @rule()
    def dead_letters_get_another_chance(self) -> None:
        with self.scene.store.transaction() as transaction:
            dead = transaction.outbox.list(ACME, [ChangeState.REFUSED], 100)
            transaction.outbox.retry([change.id for change in dead], START)

    def _settle(self, state: ChangeState) -> None:
        settled = [
            Settled(
                change,
                ChangeState.ATTEMPTED if state is ChangeState.PENDING and change.kind in ACTS else state,
                START,
            )
            for change in self.calls
        ]
        with self.scene.store.transaction() as transaction:
            transaction.outbox.settle(settled, START)

    def _touched(self) -> set[tuple[str, str]]:
        return {(change.record_id, name) for change in self.calls for name in change.to_write}

    @invariant()
    def every_fact_is_kept_once(self) -> None:
        for record_id, lead in self.leads.items():
            kept = [one.key for one in self.scene.store.read_models.facts(ACME, lead_of(record_id))]
            assert sorted(kept) == sorted(lead.facts)

    def teardown(self) -> None:
        self.calls = []
        self.dead_letters_get_another_chance()
        self._drain()
        for record_id, lead in self.leads.items():
            if not lead.archived:
                self._compare(record_id, lead)
        self.place.close()

    def _drain(self) -> None:
        """Write all that is due, without a fault."""
        while due := self.scene.due(LATER):
            self.scene.attempt(*due)
            for change in due:
                self.crm.write(change)
                self.scene.settle(change)

    def _compare(self, record_id: str, lead: ModelLead) -> None:
        held = {name: value for (record, name), value in self.crm.properties.items() if record == record_id}
        made = {key.partition("|")[2] for key in self.crm.acts if key.startswith(f"{lead_of(record_id)}|")}
        assert {name: held.get(name) for name in lead.properties} == lead.properties
        assert {title for record, title in self.crm.members if record == record_id} == lead.lists
        assert lead.acts <= made


def test_the_store_ends_where_plain_dictionaries_end(new_place: NewPlace) -> None:
    run_state_machine_as_test(
        lambda: StoreAgainstDict(new_place),
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            # Shrinking would take longer than a test may; what failed is printed whole.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
