"""What goes out: one connected CRM account, and what it is asked to hold and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connector.domain.outward.change import Act, ChangeKind
from connector.ports.bulk import BulkWriter
from connector.ports.census import CensusTaker
from connector.ports.companions import CompanionReader
from connector.ports.exchange import CrmRecord, Membership, PropertyWish, RecordReply
from connector.ports.signals import Feed, FeedPage


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
