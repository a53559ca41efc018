"""What goes out: one connected CRM account, and what it is asked to hold and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.ids import ConnectionId, LeadId, WorkspaceId
from connector.domain.outward.change import Act, ChangeKind, ChangeState
from connector.ports.bulk import BulkWriter
from connector.ports.census import CensusTaker
from connector.ports.companions import CompanionReader
from connector.ports.signals import Feed, FeedPage


class ConnectionState(StrEnum):
    """Whether we may talk to a CRM account."""

    ACTIVE = "active"
    PAUSED = "paused"  # credentials refused: nothing is lost, nothing leaves


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace's link to one CRM account."""

    id: ConnectionId
    workspace: WorkspaceId
    crm: str
    #: HubSpot's portal id, Salesforce's org id.
    account: str
    #: Secret; sealed at rest and left out of every repr.
    token: str = field(repr=False, default="")
    state: ConnectionState = ConnectionState.ACTIVE
    paused_because: str = ""
    #: Whom the CRM takes us for: changes by this user of its are our own writes. Empty where it tells those otherwise.
    user: str = ""
    #: When it was connected first; None where it is not kept yet.
    connected_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LetIn:
    """That an account lets us in: which it is, as whom, and with what."""

    account: str
    user: str
    #: Secret.
    token: str = field(repr=False)


class Invitation(Protocol):
    """A page on which a person lets us in."""

    @property
    def state(self) -> str:
        """The secret with which the browser comes back."""
        ...

    @property
    def page(self) -> str:
        """What to open."""
        ...

    def accept(self, answer: str) -> LetIn:
        """Be let in by the address that the browser was sent to. Raises SetupError where it says no, or is forged."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxChange:
    """One line of the outbox."""

    id: int
    workspace: WorkspaceId
    connection_id: ConnectionId
    lead_id: LeadId
    #: The CRM record it is for.
    record_id: str
    kind: ChangeKind
    #: Of properties: empty. Of a membership: the list's title in the CRM. Of an act: the lead's id and the act's key.
    key: str
    state: ChangeState
    #: Of properties and memberships: what is to be true. A membership's value is `{"member": "true" | "false"}`.
    wanted: Mapping[str, str]
    #: What the CRM is known to hold.
    written: Mapping[str, str]
    #: Of an act.
    act: Act | None
    due_at: datetime
    attempts: int
    #: Guards against a newer wish that came while the call was under way.
    version: int
    #: The CRM's own words on the last refusal or failure; or ours, of an email that was put off.
    words: str = ""
    #: The id of what was created over there.
    remote_id: str = ""
    #: Of one that was attempted: when its first call began.
    attempted_at: datetime | None = None

    @property
    def to_write(self) -> Mapping[str, str]:
        """What differs from what the CRM is known to hold."""
        return {name: value for name, value in self.wanted.items() if self.written.get(name) != value}


class ReplyState(StrEnum):
    """A CRM's verdict on one record."""

    DONE = "done"
    LATER = "later"  # may succeed later
    REFUSED = "refused"  # never will
    SUPPRESSED = "suppressed"  # the CRM does not write to this person; nothing to mend


@dataclass(frozen=True, slots=True)
class RecordReply:
    """A CRM's answer for one change."""

    state: ReplyState
    words: str = ""
    remote_id: str = ""
    #: Of LATER: when the CRM said to come back.
    retry_at: datetime | None = None
    #: Of SUPPRESSED: why no message at all should go there, where that is so: a bounce, a complaint.
    because: str = ""
    #: Of LATER: nothing was done, surely.
    is_untouched: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """A change and what became of it."""

    change: OutboxChange
    state: ChangeState
    due_at: datetime
    words: str = ""
    remote_id: str = ""
    #: The CRM does not write to this person; and why no message at all should go there, where it said so.
    is_suppressed: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Records to put on a list and to take off it."""

    title: str
    add: Sequence[str]
    remove: Sequence[str]


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A record as read from a CRM: raw text by property."""

    record_id: str
    properties: Mapping[str, str]
    archived: bool = False
    #: Since when its values are these, where the CRM says so; a read then tells the same whenever it is made.
    read_as_of: datetime | None = None
    #: The record as which it lives on, where a merge or a conversion took it away.
    became: str = ""
    #: When it was made, where the CRM tells that by no event.
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PropertyWish:
    """A property that our writes need over there."""

    name: str
    label: str
    #: `number` or `string`.
    type: str


class Crm(Protocol):
    """One connected CRM account.

    Every method may raise RetryableCrmError, CredentialsError or UnreadableReplyError for the whole call; what
    concerns single records is in their replies. Methods never sleep and never retry.
    """

    #: The largest number of changes that one call of a kind takes.
    batch_sizes: Mapping[ChangeKind, int]
    #: How many records one call of `fetch_records` takes: hydrate reads so many at once.
    read_batch: int
    #: The object type of deals, as in `CrmRef.object_type`.
    deal_type: str
    #: Tells all records, and which changed; None where this is not asked of the CRM.
    census: CensusTaker | None
    #: Takes many properties at once; None where this is not asked of the CRM.
    bulk: BulkWriter | None
    #: Tells of records beside those of people, where there are such; None where not. It needs a census, too.
    companions: CompanionReader | None

    def object_type_of(self, record_id: str) -> str:
        """The object type of a person's record, as in `CrmRef.object_type`; no call is made.

        Ids that this CRM gives to nobody are a defect of ours: raises ValueError where that can be told.
        """
        ...

    def check_access(self) -> None:
        """Read something that every connection may read. Changes nothing; raises CredentialsError where it may not."""
        ...

    def prepare(self, wishes: Sequence[PropertyWish]) -> None:
        """Create what our writes need and is missing. A second run changes nothing."""
        ...

    def fetch_records(self, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to `read_batch` records, by the id asked for; a record that is not there is left out."""
        ...

    def find_records(self, emails: Sequence[str]) -> Mapping[str, str]:
        """The records of up to 100 addresses in lower case, address -> record id; unknown ones are left out."""
        ...

    def fetch_happenings(self, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:
        """One page of what a feed tells of this time, and perhaps of some more around it.

        `place` is empty, or what the page before said. Raises FeedRefusedError where the account does not offer the
        feed, or what of it is asked for.
        """
        ...

    def fetch_deals(self, deal_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 100 deals, by the id asked for; one that is not there is left out."""
        ...

    def fetch_people_of(self, deal_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The records of the people with whom up to 100 deals are associated; deals without any are left out."""
        ...

    def fetch_deals_of(self, record_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The deals with which up to `read_batch` people are associated; people without any are left out."""
        ...

    def write_properties(self, changes: Mapping[str, Mapping[str, str]]) -> Mapping[str, RecordReply]:
        """Set properties, record id -> property -> text; one reply a record. Repeating it changes nothing."""
        ...

    def write_membership(self, membership: Membership) -> Mapping[str, RecordReply]:
        """Put records on a list, made if missing, and take others off; one reply a record. Repeatable."""
        ...

    def write_acts(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Mapping[str, RecordReply]:
        """Make tasks, notes, alerts or posts, key -> (record id, act), tied to record and owner; one reply a key.

        The key is stored with the task or note; a second run with the same key makes no second one. Emails are handed
        over to be sent, at most once a key; LATER with a remote id says that what became of one is not known yet.
        What a CRM takes without a key it must not make again where an act is in doubt (`Act.in_doubt_since`): it
        looks for a trace, and refuses what it cannot tell of. CredentialsError says that nothing was done.
        """
        ...

    def follow_emails(self, sent: Mapping[str, str]) -> Mapping[str, RecordReply]:
        """What became of emails that were handed over, key -> remote id; one reply a key. Changes nothing."""
        ...

    def calls_allowed_at(self, now: datetime) -> datetime:
        """When the next call may be made; `now` or earlier when it may be made at once."""
        ...


class TokenKeeper(Protocol):
    """Keeps the one token of a connection where all workers find it, and lets one at a time renew it."""

    def renew(self, spent: str, ask: Callable[[str], str]) -> str:
        """The token that follows one that the CRM no longer takes.

        It is the one that another worker was given meanwhile; else what `ask`, the call to the CRM, makes of the old
        one, and it is kept before it is returned: a CRM may let a token be renewed only once. `ask` is called with no
        transaction open. Raises RetryableCrmError while another worker asks, CredentialsError where the connection is
        gone, and what `ask` raises.
        """
        ...
