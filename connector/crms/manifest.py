"""What a CRM's folder says about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from connector.domain.outward.change import ChangeKind
from connector.domain.records.sources import CompanionEvent

if TYPE_CHECKING:
    from connector.clock import Clock
    from connector.ports import CrmApp
    from connector.settings import Settings


class Role(StrEnum):
    """What a CRM's folder can do; a role it lacks is a file it lacks."""

    INBOX = "inbox"  # receives its webhooks
    READER = "reader"  # reads records
    WRITER = "writer"  # sets properties
    LISTS = "lists"  # keeps list memberships
    ACTS = "acts"  # makes tasks and notes
    EMAILS = "emails"  # sends emails of the account to one person
    CATALOG = "catalog"  # tells what properties there are, and makes those that our writes need
    STREAM = "stream"  # tells of changes over a stream that we keep open


@dataclass(frozen=True, slots=True)
class FeedWords:
    """How mapping files speak of one feed."""

    #: What its happenings carry.
    tells: tuple[str, ...]
    #: The key that says what of it.
    key: str = ""
    #: Whether that must be said.
    needs_key: bool = False


@dataclass(frozen=True, slots=True)
class CompanionWords:
    """How mapping files speak of one sort of records beside those of people, such as members of campaigns."""

    #: What can happen to it, in their words.
    events: Mapping[str, CompanionEvent]
    #: What its signals can carry.
    tells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingWords:
    """How mapping files speak of a CRM, whose name is a key in many of their sections."""

    #: What fields are read from, such as `HubSpot contact properties`.
    properties: str
    #: Who owns a lead there, such as `the id of an owner in HubSpot`, with one as people write it.
    owner: str
    owner_example: str
    #: An owner as people may write it -> as the CRM has it. Raises ValueError where it is none.
    read_owner: Callable[[object], str]
    #: What a list is over there: the key under which its title stands.
    list_key: str = "list"
    #: What is wrong with the name of a property, and what would help; None where nothing is. Also given whether we
    #: write to it.
    find_mistake: Callable[[str, bool], tuple[str, str] | None] = lambda _name, _is_written: None
    #: What else is to be known of a property that we write.
    written: str = ""
    feeds: Mapping[str, FeedWords] = field(default_factory=dict)
    #: By the key of a signal's source.
    companions: Mapping[str, CompanionWords] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an administrator gives us, so that an account lets us in: one line of text."""

    #: What it is, such as `Access token of your HubSpot app`.
    what: str
    #: Where the CRM shows it, such as `on the app's Auth page`.
    shown: str
    #: The environment variable in which it may be handed over.
    variable: str
    #: The setting that says where the CRM is; empty where the credentials do.
    address: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process has that an app may need. Asks the database at each call."""

    settings: Settings
    clock: Clock
    #: Whether an account of this CRM is connected.
    is_connected: Callable[[str], bool]
    #: The keys with which an account of this CRM may sign what it tells, the newest last.
    signing_keys: Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class CrmManifest:
    """A CRM in facts."""

    #: As in references, mapping files and paths.
    name: str
    #: As people write it.
    label: str
    #: What it calls an account, such as `portal`.
    account: str
    roles: frozenset[Role]
    #: The object types that leads are made of, as in `CrmRef.object_type`.
    lead_types: frozenset[str]
    #: The largest number of changes that one call of a kind takes.
    batch_sizes: Mapping[ChangeKind, int]
    #: What a connection must be allowed, in the CRM's own words.
    scopes: tuple[str, ...]
    words: MappingWords
    #: Our app in this process. Makes no call, and loads no SDK.
    open_app: Callable[[Surroundings], CrmApp]
    #: What `coltiva connect` asks for; None where it takes more than one line of text, and has a command of its own.
    credentials: Credentials | None = None
    #: The ways in at which an administrator lets the account knock, below `/webhooks/`.
    ways_in: tuple[str, ...] = ()
    #: The setting without which nothing of this CRM's can be told from forgeries; empty where none is needed.
    setting: str = ""
    #: Whether accounts sign what they tell with keys of ours: `coltiva keys signing`.
    has_signing_keys: bool = False
