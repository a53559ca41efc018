"""One connected HubSpot account, as the engine sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from connector.clock import Clock
from connector.crms.hubspot import acts, catalog, emails, reader, writer
from connector.crms.hubspot.client import BASE_URL, VERSION, HubSpotClient
from connector.crms.hubspot.feeds import Feeds
from connector.crms.hubspot.halving import Replies
from connector.crms.hubspot.limits import BATCH_SIZES
from connector.crms.hubspot.lists import Lists
from connector.crms.hubspot.replies import AccountDetails, read
from connector.crms.hubspot.translate import CONTACT, CONTACTS, DEAL, DEALS
from connector.domain.outward.change import BOUND, Act, ChangeKind
from connector.ports import (
    BulkWriter,
    Catalog,
    CensusTaker,
    CompanionReader,
    CrmRecord,
    DealCatalog,
    Feed,
    FeedPage,
    Membership,
    PropertyWish,
    RecordReply,
    ReplyState,
)

#: Alerts and posts name the CRM whose means they are.
_OTHERS = RecordReply(ReplyState.REFUSED, "HubSpot has no such means.")


class HubSpotPortal:
    """The `Crm` and `CatalogReader` ports for HubSpot; one for each thread, another for another token."""

    batch_sizes: Mapping[ChangeKind, int] = BATCH_SIZES
    #: HubSpot: Contacts API guide, batch read.
    read_batch: int = 100
    deal_type: str = DEAL
    #: Contacts are known as events tell of them; there is no reading of all of them yet.
    census: CensusTaker | None = None
    bulk: BulkWriter | None = None
    #: What HubSpot tells beside its contacts it tells by feeds.
    companions: CompanionReader | None = None

    def __init__(self, token: str, clock: Clock, base_url: str = BASE_URL) -> None:
        self._client = HubSpotClient(token, clock, base_url)
        self._lists = Lists(self._client)
        self._feeds = Feeds(self._client)

    def object_type_of(self, record_id: str) -> str:  # noqa: ARG002  whatever it is
        """Contacts are the only people here."""
        return CONTACT

    def account(self) -> AccountDetails:
        """Whose token this is: the portal's id and time zone. HubSpot: Account information API."""
        return read(self._client.get(f"/account-info/{VERSION}/details"), AccountDetails)

    def check_access(self) -> None:
        """Read a contact, there or not. Raises CredentialsError where that is not allowed."""
        self.fetch_records(["1"], ())

    def prepare(self, wishes: Sequence[PropertyWish]) -> None:
        """Create what our writes need and is missing. A second run changes nothing."""
        catalog.prepare(self._client, wishes)

    def fetch_catalog(self) -> Catalog:
        """What properties its contacts have. Changes nothing."""
        return catalog.fetch_catalog(self._client)

    def fetch_deal_catalog(self) -> DealCatalog:
        """What properties its deals have, and through which pipelines they go. Changes nothing."""
        return catalog.fetch_deal_catalog(self._client)

    def fetch_owners(self) -> Mapping[str, str] | None:
        """Owner id -> address of everybody who may own records; None where that may not be known. Changes nothing."""
        return catalog.fetch_owners(self._client)

    def fetch_alerts(self) -> Collection[str] | None:
        """None: HubSpot has no such means."""
        return None

    def try_feeds(self, names: Collection[str]) -> Mapping[str, str]:
        """Feed -> why the account does not offer it, empty where it does. Changes nothing."""
        return self._feeds.find_problems(names)

    def fetch_records(self, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 100 contacts, by the id asked for; one that is not there is left out."""
        return reader.fetch_records(self._client, CONTACTS, record_ids, properties)

    def fetch_deals(self, deal_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 100 deals, by the id asked for; one that is not there is left out."""
        return reader.fetch_records(self._client, DEALS, deal_ids, properties)

    def fetch_people_of(self, deal_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The contacts with which up to 100 deals are associated; deals without any are left out."""
        return reader.fetch_linked(self._client, DEALS, CONTACTS, deal_ids)

    def fetch_deals_of(self, record_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The deals with which up to 100 contacts are associated; contacts without any are left out."""
        return reader.fetch_linked(self._client, CONTACTS, DEALS, record_ids)

    def find_records(self, emails: Sequence[str]) -> Mapping[str, str]:
        """The contacts of up to 100 addresses, address -> contact id; unknown ones are left out."""
        return reader.find_records(self._client, emails)

    def fetch_happenings(self, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:
        """One page of a feed. Raises FeedRefusedError where the account does not offer it."""
        return self._feeds.fetch(feed, since, until, place)

    def write_properties(self, changes: Mapping[str, Mapping[str, str]]) -> Replies:
        """Set properties, contact id -> property -> text; one reply a contact. Repeating it changes nothing."""
        return writer.write_properties(self._client, changes)

    def write_membership(self, membership: Membership) -> Replies:
        """Put contacts on a list, made if missing, and take others off; one reply a contact. Repeatable."""
        return self._lists.write(membership)

    def write_acts(self, kind: ChangeKind, acts_: Mapping[str, tuple[str, Act]]) -> Replies:
        """Make tasks, notes or emails, each exactly once, tied to contact and owner; one reply a key."""
        if kind is ChangeKind.EMAIL:
            return emails.send_emails(self._client, acts_)
        if kind in BOUND:
            return dict.fromkeys(acts_, _OTHERS)
        return acts.write_acts(self._client, kind, acts_)

    def follow_emails(self, sent: Mapping[str, str]) -> Replies:
        """What became of emails that were handed over, key -> status id; one reply a key."""
        return emails.follow_emails(self._client, sent)

    def calls_allowed_at(self, now: datetime) -> datetime:
        """When the next call may be made; `now` when it may be made at once."""
        return self._client.limits.allowed_at(now)
