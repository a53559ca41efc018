"""One API call: who asks what of which org."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.database import Database
from connector.sandbox.salesforce.happenings import Actor
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.permissions import Permissions
from connector.sandbox.salesforce.refusals import RefusalError, no_such_type
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.tokens import Grant


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in."""

    org: Org
    grant: Grant
    #: The variable parts of the path.
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    #: Headers by their name in lower case.
    headers: Mapping[str, str]
    #: What the JSON body says; None without one.
    body: Any
    #: The body as it came, for what is no JSON.
    raw_body: bytes = b""

    @property
    def database(self) -> Database:
        """The records of the org that is asked."""
        return self.org.database

    @property
    def root(self) -> str:
        """Where the version's resources begin, such as `/services/data/v66.0`."""
        return f"/services/data/{self.path['version']}"

    @property
    def version(self) -> float:
        """The API version, such as 66.0."""
        return float(self.path["version"].removeprefix("v"))

    @property
    def permissions(self) -> Permissions:
        """What the calling user may do."""
        return self.org.permissions_of(self.grant.user_id)

    @property
    def actor(self) -> Actor:
        """How changes by this call are marked. Salesforce: "Call Options Header" and its neighbours."""
        options = self.options("sforce-call-options")
        duplicates = self.options("sforce-duplicate-rule-header")
        assigns = self.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE"
        saves = duplicates.get("allowsave", "false").lower() == "true"
        return Actor(self.grant.user_id, options.get("client", ""), assigns, saves)

    def options(self, header: str) -> dict[str, str]:
        """The `name=value` pairs of a header; names in lower case."""
        pairs = (part.partition("=") for part in self.headers.get(header, "").replace(",", ";").split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def table(self, name: str | None = None) -> Table:
        """The records of the object that the path, or a record, names; refuses an unknown or hidden one."""
        return self.database.tables[self.object_type(name).name]

    def object_type(self, name: str | None = None) -> ObjectType:
        """The object that the path, or a record, names; a path to none leads nowhere."""
        asked = self.path["object"] if name is None else name
        status = 404 if name is None else 400
        found = self.database.schema.find(asked)
        if found is None:
            raise no_such_type(asked, status=status)
        self.permissions.check_read(found, status=status)
        return found

    def one(self, name: str, default: str = "") -> str:
        """A query parameter that is given once."""
        return self.query.get(name, [default])[0]

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise RefusalError("JSON_PARSER_ERROR", "The HTTP entity body is required, and must be a JSON object")
        return self.body


Handler = Callable[[Call], Reply]
_DECODER = msgspec.json.Decoder()


def parse_body(body: bytes, content_type: str) -> Any:
    """What a JSON body says; None when there is none or it is of another type. Refuses what is no JSON."""
    if not body or not content_type.startswith("application/json"):
        return None
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise RefusalError("JSON_PARSER_ERROR", f"Unexpected input: {error}") from None
