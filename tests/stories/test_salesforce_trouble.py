"""What an org tells comes twice, late and out of order, and calls to it fail: in the end it holds what it should."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from connector.domain.outward.change import ACTS, ChangeState
from connector.engine.telling.replay import to_bytes
from connector.sandbox.faults import ApiFault, Fault, WebhookFault
from tests.org_rehearsal import OrgRehearsal, rehearsed
from tests.stories.test_salesforce import MAPPING

LEADS: Final = 30
ROUNDS: Final = 6
#: Longer than any message is late: what happens in a round is known before it is judged.
ROUND: Final = timedelta(minutes=5)
AGAIN: Final = timedelta(minutes=1)
OURS: Final = ("coltiva__Score__c", "coltiva__Phase__c", "coltiva__Why__c")

#: Of every hundred calls: some answered by an error before or after they were done, some by nothing at all.
TROUBLE: Final = (
    (ApiFault.STATUS, 0.08, 500),
    (ApiFault.STATUS, 0.06, 503),
    (ApiFault.DROPPED_BEFORE, 0.06, 500),
    (ApiFault.DROPPED_AFTER, 0.06, 500),
    (ApiFault.STATUS_AFTER, 0.06, 502),
)


class Life:
    """What the people of an org do, the same each time."""

    def __init__(self, stage: OrgRehearsal) -> None:
        self.stage, self.people, self.dice = stage, stage.org.people, random.Random(3)
        self.there: list[str] = []

    def begin(self) -> None:
        """Leads are made, some of them twice, some without an address."""
        for number in range(LEADS):
            email = None if number % 10 == 9 else f"lead{number - number % 8 // 7}@example.com"
            industry = self.dice.choice(["Technology", "Technology", "Banking"])
            self.there.append(self.people.create_lead(email, FirstName=f"No {number}", Industry=industry))

    def go_on(self) -> None:
        """A round of changes, no record twice; now and then leads are converted or merged, or deleted for a while."""
        for record in self.dice.sample(self.there, 10):
            name, value = self.dice.choice(
                [
                    ("Status", "Working - Contacted"),
                    ("Status", "Open - Not Contacted"),
                    ("FirstName", f"No {self.dice.randrange(1_000)}"),
                ]
            )
            if not (record.startswith("003") and name == "Status"):
                self.people.change(record, **{name: value})
        leads = [one for one in self.there if one.startswith("00Q")]
        merged, into, converted, deleted = self.dice.sample(leads, 4)
        self.people.merge(into, merged)
        became = self.people.convert(converted).contact_id
        self.people.delete(deleted)
        self.there = [one for one in self.there if one not in (merged, converted, deleted)] + [became]


def play(stage: OrgRehearsal) -> Life:
    """Round by round; then things settle."""
    life = Life(stage)
    life.begin()
    for _ in range(ROUNDS):
        wait(stage)
        stage.platform.tokens.expire_sessions(stage.org.id)
        life.go_on()
    wait(stage)
    return life


def wait(stage: OrgRehearsal) -> None:
    """Messages come while time passes; the worker works when it has, and until what failed was tried again."""
    stage.platform.advance(ROUND)
    for _ in range(10):
        stage.worker.run_until_idle()
        stage.platform.clock.advance(AGAIN)


def settle(stage: OrgRehearsal) -> None:
    """Whatever is to be tried again is."""
    for _ in range(15):
        stage.let_pass(timedelta(minutes=2))


def held(stage: OrgRehearsal, life: Life) -> Mapping[str, Any]:
    """What we wrote on whoever is there, with tasks and memberships."""
    people = stage.org.people
    return {
        "fields": {one: [people.read(one).get(name) for name in OURS] for one in life.there},
        "tasks": sorted((row["WhoId"], row["Subject"], row["coltiva__Key__c"]) for row in people.records("Task")),
        "members": sorted(str(row.get("ContactId") or row.get("LeadId")) for row in people.records("CampaignMember")),
    }


def known(stage: OrgRehearsal) -> Mapping[str, Any]:
    """Every lead's state to the byte, and its timeline."""
    models, workspace = stage.services.store.read_models, stage.connection.workspace
    leads = stage.leads()
    return {
        "leads": {id_: to_bytes(lead) for id_, lead in leads.items()},
        "history": {id_: models.history(workspace, id_) for id_ in leads},
    }


def unsettled(stage: OrgRehearsal) -> Counter[ChangeState]:
    """The states of acts that are neither done nor withdrawn."""
    with stage.services.store.reading() as transaction:
        changes = transaction.outbox.list(None, tuple(ChangeState), 100_000)
    finished = (ChangeState.DONE, ChangeState.WITHDRAWN)
    return Counter(one.state for one in changes if one.kind in ACTS and one.state not in finished)


@pytest.mark.parametrize("by", ["outbound", "events"])
def test_what_is_told_twice_late_and_out_of_order_leads_to_the_same(tmp_path: Path, by: str) -> None:
    with rehearsed(tmp_path / "clean", MAPPING, by=by) as stage:
        life = play(stage)
        settle(stage)
        clean = {**held(stage, life), **known(stage)}

    with rehearsed(tmp_path / "shuffled", MAPPING, by=by) as stage:
        late, often = timedelta(minutes=4), Fault(WebhookFault.REORDERED, 0.5)
        copies = Fault(WebhookFault.DUPLICATED, 0.5, delay=timedelta(minutes=19))
        for fault in (often, Fault(WebhookFault.LATE, 0.4, delay=late), copies):
            stage.platform.faults.add(fault)
        life = play(stage)
        settle(stage)
        shuffled = {**held(stage, life), **known(stage)}

    assert min(copies.struck, often.struck) > 5
    assert len(clean["tasks"]) > 5
    for part in clean:
        assert shuffled[part] == clean[part], part


def test_everything_arrives_though_three_calls_in_ten_fail_and_tokens_run_out(tmp_path: Path) -> None:
    with rehearsed(tmp_path / "calm", MAPPING, by="events") as stage:
        life = play(stage)
        settle(stage)
        calm = held(stage, life)

    with rehearsed(tmp_path / "rough", MAPPING, by="events") as stage:
        for kind, probability, status in TROUBLE:
            stage.platform.faults.add(Fault(kind, probability, status=status, path="/services/data/*"))
        life = play(stage)
        settle(stage)

        struck = sum(fault.struck for fault in stage.platform.faults.faults)
        assert struck / stage.platform.calls.total() > 0.2
        assert not unsettled(stage)
        rough = held(stage, life)

    keys = Counter(key for _, _, key in rough["tasks"])
    assert set(keys.values()) == {1}
    for part in ("fields", "members"):
        assert rough[part] == calm[part], part
