"""One connected Salesforce org, as the engine sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import Clock
from connector.crms.salesforce import catalog, deals, permissions, writer
from connector.crms.salesforce.actions import Actions
from connector.crms.salesforce.acts import ActWriter
from connector.crms.salesforce.batches import Replies
from connector.crms.salesforce.campaigns import Campaigns
from connector.crms.salesforce.census import OrgCensus
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.companions import OrgCompanions
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.grants import Grant
from connector.crms.salesforce.ingest import Ingest
from connector.crms.salesforce.limits import BATCH_SIZES, SHARE, Limits
from connector.crms.salesforce.oauth import App, OAuth
from connector.crms.salesforce.permissions import Lack
from connector.crms.salesforce.reader import Reader
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.translate import OPPORTUNITY, object_type_of, to_long_id
from connector.domain.outward.change import UNKEYED, Act, ChangeKind
from connector.errors import FeedRefusedError
from connector.ports import (
    BulkWriter,
    Catalog,
    CensusTaker,
    CompanionReader,
    Connection,
    CrmRecord,
    DealCatalog,
    Feed,
    FeedPage,
    Membership,
    PropertyWish,
    RecordReply,
    ReplyState,
    TokenKeeper,
)

_NO_FEED = "Salesforce has no such feed."
_NOT_HANDED_OVER = RecordReply(ReplyState.REFUSED, "Salesforce sends emails at once and tells no more of them.")


@dataclass(frozen=True, slots=True)
class OrgDetails:
    """Which org it is."""

    #: With 18 characters.
    org_id: str
    #: As whom we are there.
    user_id: str
    name: str
    is_sandbox: bool


class Salesforce:
    """Our app at Salesforce, one for a process: it opens orgs, and remembers of each what its calls have spent.

    Loads nothing by itself and calls nothing. May be shared by threads.
    """

    def __init__(
        self, app: App, clock: Clock, rehearsal_url: str = "", share: float = SHARE, bulk_from: int = 0
    ) -> None:
        #: How orgs let us in.
        self.oauth = OAuth(app, clock, rehearsal_url)
        self._clock = clock
        self._share = share
        self._bulk_from = bulk_from
        self._limits: dict[str, Limits] = {}

    def open(self, connection: Connection, keeper: TokenKeeper) -> SalesforceOrg:
        """The org of a connection, for one thread. Makes no call, and raises nothing for a token that is none."""
        limits = self._limits.setdefault(connection.account, Limits(self._share))
        return SalesforceOrg(connection.token, keeper, self.oauth, self._clock, limits, self._bulk_from)


class SalesforceOrg:
    """The `Crm` and `CatalogReader` ports for Salesforce; one for each thread.

    A token that is spent is renewed and kept by `keeper`; so it need not be made anew for another token.
    """

    batch_sizes: Mapping[ChangeKind, int] = BATCH_SIZES
    #: REST API: Get Records With a Request Body Using sObject Collections.
    read_batch: int = 2_000
    deal_type: str = OPPORTUNITY

    def __init__(
        self,
        token: str,
        keeper: TokenKeeper,
        oauth: OAuth,
        clock: Clock,
        limits: Limits | None = None,
        bulk_from: int = 0,
    ) -> None:
        self._client = SalesforceClient(token, keeper, oauth, clock, limits or Limits())
        self._oauth = oauth
        self._schema = Schema(self._client, clock)
        self._reader = Reader(self._client, self._schema)
        #: Tells all leads and contacts, and which changed.
        self.census: CensusTaker | None = OrgCensus(self._client, self._schema, self._reader, clock)
        #: Tells of campaign members, tasks, and roles in opportunities.
        self.companions: CompanionReader | None = OrgCompanions(self._client, self._schema)
        self._acts = ActWriter(self._client)
        #: Takes many properties at once.
        self.bulk: BulkWriter | None = Ingest(self._client, self._schema, bulk_from)
        self._actions = Actions(self._client, clock)
        self._campaigns = Campaigns(self._client)

    def object_type_of(self, record_id: str) -> str:
        """`lead`, `contact` and so on, by the first characters of the id. Raises ValueError for another id."""
        if not (object_type := object_type_of(to_long_id(record_id))):
            raise ValueError(f"{record_id!r} is no id of a record that leads are made of")
        return object_type

    @property
    def grant(self) -> Grant:
        """With what we are let in. Raises CredentialsError where the connection keeps no grant."""
        return self._client.grant

    def account(self) -> OrgDetails:
        """Whose grant it is. Object Reference: Organization."""
        grant = self._client.grant
        for row in self._client.query("SELECT Name, IsSandbox FROM Organization"):
            return OrgDetails(grant.org_id, grant.user_id, str(row.get("Name") or ""), bool(row.get("IsSandbox")))
        return OrgDetails(grant.org_id, grant.user_id, "", is_sandbox=False)

    def disconnect(self) -> None:
        """Give the grant back; the org needs to be connected again afterwards."""
        self._oauth.revoke(self._client.grant)

    def find_lacks(self, *, reads: Collection[str] = (), writes: Collection[str] = ()) -> Sequence[Lack]:
        """What the integration user lacks to serve a mapping that reads and writes these properties."""
        return permissions.find_lacks(self._schema, reads=reads, writes=writes)

    # --- catalog ------------------------------------------------------------------------------------------------

    def check_access(self) -> None:
        """Ask what objects there are. Raises CredentialsError where the org does not let us in."""
        self._schema.objects()

    def prepare(self, wishes: Sequence[PropertyWish]) -> None:
        """See that what our writes need is there. Changes nothing; raises SetupError with what an admin is to do."""
        catalog.prepare(self._schema, wishes)

    def fetch_catalog(self) -> Catalog:
        """What fields its leads and contacts have. Changes nothing."""
        return catalog.fetch_catalog(self._schema)

    def fetch_deal_catalog(self) -> DealCatalog:
        """What fields its opportunities have, and through which stages they go. Changes nothing."""
        return catalog.fetch_deal_catalog(self._schema)

    def fetch_owners(self) -> Mapping[str, str] | None:
        """User id -> address of everybody who may own records; None where that may not be known. Changes nothing."""
        return catalog.fetch_owners(self._client)

    def fetch_alerts(self) -> Collection[str] | None:
        """The API names of its custom notification types; None where they may not be known. Changes nothing."""
        try:
            return catalog.fetch_alerts(self._client).keys()
        except RefusedCallError:
            return None

    def try_feeds(self, names: Collection[str]) -> Mapping[str, str]:
        """Feed -> why the org does not offer it: it has none."""
        return dict.fromkeys(names, _NO_FEED)

    # --- reading ------------------------------------------------------------------------------------------------

    def fetch_records(self, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 2,000 records, by the id asked for; one that is not there is left out."""
        return self._reader.fetch_records(record_ids, properties)

    def fetch_deals(self, deal_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 2,000 opportunities, by the id asked for; one that is not there is left out."""
        return self._reader.fetch_records(deal_ids, properties)

    def fetch_people_of(self, deal_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The contacts with a role in each opportunity; those without any are left out."""
        return deals.fetch_people_of(self._client, deal_ids)

    def fetch_deals_of(self, record_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The opportunities in which each contact has a role; people without any are left out."""
        return deals.fetch_deals_of(self._client, record_ids)

    def find_records(self, emails: Sequence[str]) -> Mapping[str, str]:
        """The contacts and leads of addresses in lower case, address -> record id; unknown ones are left out."""
        return self._reader.find_people(emails)

    def fetch_happenings(self, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:  # noqa: ARG002
        """Raises FeedRefusedError: there is none."""
        raise FeedRefusedError(_NO_FEED)

    # --- writing ------------------------------------------------------------------------------------------------

    def write_properties(self, changes: Mapping[str, Mapping[str, str]]) -> Replies:
        """Set fields, record id -> property -> text; one reply a record. Repeating it changes nothing."""
        return writer.write_properties(self._client, self._schema, changes)

    def write_membership(self, membership: Membership) -> Replies:
        """Make records members of a campaign, made if missing, and take others off; one reply a record."""
        return self._campaigns.write(membership)

    def write_acts(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Replies:
        """Make tasks, notes, alerts or posts or send emails, each at most once; one reply a key."""
        if kind in UNKEYED:
            return self._actions.run(kind, acts)
        return self._acts.write(kind, acts)

    def follow_emails(self, sent: Mapping[str, str]) -> Replies:
        """None was handed over."""
        return dict.fromkeys(sent, _NOT_HANDED_OVER)

    def calls_allowed_at(self, now: datetime) -> datetime:
        """When the next call may be made; `now` when it may be made at once."""
        return self._client.limits.allowed_at(now)
