"""The shape of emails in mapping files: which design of the CRM is sent, and what it shows."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from connector.mapping.forms import Entry, Name, Names, OneOrMany, TextFor, Where, Words, wrong

_Text = Annotated[str, Field(min_length=1, max_length=10_000)]
_Property = Annotated[str, Field(pattern=r"^[^\s]+$", max_length=255)]
#: The values of a design that have keys of their own.
CONTENT = ("subject", "preview", "text", "html")


class SuppressorEntry(Entry):
    """A signal that stops all messages."""

    what: ClassVar[str] = "suppress_on"

    on: Names
    where: Where | None = None


SuppressOn = Annotated[tuple[Annotated[SuppressorEntry, TextFor("on")], ...], OneOrMany()]


class HubSpotEmail(Entry):
    """An email in HubSpot that was saved for the single-send API."""

    what: ClassVar[str] = "an email in HubSpot"

    email_id: Annotated[int, Field(ge=1)] = Field(description="The last number in the address of HubSpot's editor.")
    transactional: bool = Field(
        default=False,
        description="Sent as a transactional email, which goes to those who want no marketing: receipts, renewals.",
    )


class SalesforceEmail(Entry):
    """An email that Salesforce sends by its email action."""

    what: ClassVar[str] = "an email of Salesforce"

    log: bool = Field(default=True, description="Keeps it among the activities of the lead or contact.")


class EmailEntry(Entry):
    """An email that activities send: a design in HubSpot and what it shows for each lead, or a text for Salesforce."""

    what: ClassVar[str] = "an email"

    hubspot: HubSpotEmail | None = None
    salesforce: SalesforceEmail | None = None
    consent: Literal["not_opted_out", "known"] = Field(
        default="not_opted_out", description="known: only while the CRM says that the lead did not opt out."
    )
    sender: Words | None = Field(default=None, alias="from", description="Who it is from, if not as the design says.")
    reply_to: Words | None = Field(default=None, description="Where answers go, if not as the design says.")
    subject: _Text | None = Field(default=None, description="Shown where the design has {{ custom.subject }}.")
    preview: _Text | None = Field(default=None, description="Shown where the design has {{ custom.preview }}.")
    text: _Text | None = Field(default=None, description="Shown where the design has {{ custom.text }}.")
    html: _Text | None = Field(default=None, description="Shown where the design has {{ custom.html }}.")
    values: dict[Name, _Text] = Field(default={}, description="More of these: {{ custom.<name> }}.")
    contact: dict[_Property, _Text] = Field(
        default={}, description="Contact properties that sending it sets, for {{ contact.<name> }}."
    )

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if self.hubspot is None and self.salesforce is None:
            hint = "add hubspot: {email_id: 48211734}, or salesforce: {log: true}"
            raise wrong("nothing says which CRM sends the email", hint)
        if self.hubspot is not None and self.salesforce is not None:
            raise wrong("one CRM sends an email, not both", "make two emails", "salesforce")
        return self

    @model_validator(mode="after")
    def _whole_letter(self) -> Self:
        """Salesforce has no design of it: subject and body are all that there is."""
        if self.salesforce is None:
            return self
        for key in ("preview", "reply_to", "values", "contact"):
            if getattr(self, key):
                raise wrong(f"an email of Salesforce has no `{key}`", f"remove {key}:", key)
        if self.subject is None:
            raise wrong("an email of Salesforce needs its subject", "add subject:", "salesforce")
        if (self.text is None) == (self.html is None):
            raise wrong("an email of Salesforce has one body", "write text: or html:", "html" if self.html else "")
        return self

    @model_validator(mode="after")
    def _once(self) -> Self:
        for name in CONTENT:
            if name in self.values:
                raise wrong(f"`{name}` has a key of its own", f"write {name}: beside values:", "values")
        return self
