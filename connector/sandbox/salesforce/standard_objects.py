"""The standard objects, as far as nurturing meets them. Salesforce: Object Reference."""

from __future__ import annotations

from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.objects import ObjectType, full_name

T = FieldType
#: Campaign and person of a member in one: no two members share it. No field of Salesforce's.
PAIR = "_pair"
LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "Lead", "Contact", "Account", "Opportunity"
CAMPAIGN, CAMPAIGN_MEMBER, CAMPAIGN_STATUS = "Campaign", "CampaignMember", "CampaignMemberStatus"
CONTACT_ROLE, TASK, USER, GROUP = "OpportunityContactRole", "Task", "User", "Group"
NOTIFICATION_TYPE, ORGANIZATION, RECORD_TYPE = "CustomNotificationType", "Organization", "RecordType"
FEED_ITEM, EMAIL_MESSAGE, EMAIL_RELATION = "FeedItem", "EmailMessage", "EmailMessageRelation"
SENDER = "OrgWideEmailAddress"

LEAD_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
CONVERTED_STATUS = "Closed - Converted"
RATINGS = ("Hot", "Warm", "Cold")
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
#: Stage to its probability and whether it is closed and won. Salesforce: OpportunityStage.
STAGES: dict[str, tuple[float, bool, bool]] = {
    "Prospecting": (10.0, False, False),
    "Qualification": (10.0, False, False),
    "Needs Analysis": (20.0, False, False),
    "Value Proposition": (50.0, False, False),
    "Id. Decision Makers": (60.0, False, False),
    "Perception Analysis": (70.0, False, False),
    "Proposal/Price Quote": (75.0, False, False),
    "Negotiation/Review": (90.0, False, False),
    "Closed Won": (100.0, True, True),
    "Closed Lost": (0.0, True, False),
}
TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
COMPLETED = "Completed"


def _system(name: str, kind: FieldType = T.STRING, **more: object) -> Field:
    """A field that only Salesforce writes."""
    return Field(name, kind, is_createable=False, is_updateable=False, **more)  # type: ignore[arg-type]


def _reference(name: str, *targets: str, relationship: str | None = None, **more: object) -> Field:
    way = name.removesuffix("Id") if relationship is None else relationship
    return Field(name, T.REFERENCE, length=18, refers_to=targets, relationship=way, **more)  # type: ignore[arg-type]


def _stamps() -> tuple[Field, ...]:
    return (
        _system("Id", T.ID, label="Record ID", length=18),
        _system("IsDeleted", T.BOOLEAN, label="Deleted"),
        _system("CreatedDate", T.DATETIME),
        _system("CreatedById", T.REFERENCE, refers_to=(USER,), relationship="CreatedBy"),
        _system("LastModifiedDate", T.DATETIME),
        _system("LastModifiedById", T.REFERENCE, refers_to=(USER,), relationship="LastModifiedBy"),
        _system("SystemModstamp", T.DATETIME),
    )


def _owner(*targets: str) -> Field:
    return _reference("OwnerId", *targets, label="Owner ID")


def _master(target: str) -> Field:
    return _system("MasterRecordId", T.REFERENCE, refers_to=(target,), relationship="MasterRecord")


def _person() -> tuple[Field, ...]:
    return (
        Field("Salutation", T.PICKLIST, length=40, options=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.")),
        Field("FirstName", length=40),
        Field("LastName", length=80, is_required=True),
        _system("Name", label="Full Name", length=121, formula=full_name),
        Field("Title", length=128),
        Field("Email", T.EMAIL, length=80),
        Field("Phone", T.PHONE, length=40),
        Field("MobilePhone", T.PHONE, label="Mobile Phone", length=40),
        Field("Description", T.TEXTAREA, length=32_000),
        Field("LeadSource", T.PICKLIST, label="Lead Source", options=SOURCES),
        Field("HasOptedOutOfEmail", T.BOOLEAN, label="Email Opt Out"),
        Field("HasOptedOutOfFax", T.BOOLEAN, label="Fax Opt Out"),
        Field("DoNotCall", T.BOOLEAN, label="Do Not Call"),
        Field("EmailBouncedDate", T.DATETIME, label="Email Bounced Date"),
        Field("EmailBouncedReason", label="Email Bounced Reason"),
        _reference("RecordTypeId", RECORD_TYPE),
    )


def _address(prefix: str = "") -> tuple[Field, ...]:
    parts = (("Street", 255), ("City", 40), ("State", 80), ("PostalCode", 20), ("Country", 80))
    return tuple(Field(f"{prefix}{part}", length=length) for part, length in parts)


def _lead() -> tuple[Field, ...]:
    return (
        *_person(),
        *_address(),
        Field("Company", length=255, is_required=True),
        Field("Website", T.URL),
        Field("Industry", T.PICKLIST, options=("Agriculture", "Banking", "Biotechnology", "Technology", "Other")),
        Field("Rating", T.PICKLIST, options=RATINGS),
        Field(
            "Status", T.PICKLIST, label="Lead Status", is_required=True, options=LEAD_STATUSES, default=LEAD_STATUSES[0]
        ),
        Field("NumberOfEmployees", T.INT, label="Employees"),
        Field("AnnualRevenue", T.CURRENCY, label="Annual Revenue", precision=18, scale=0),
        _owner(USER, GROUP),
        Field("IsUnreadByOwner", T.BOOLEAN, label="Unread By Owner", default=True),
        _system("IsConverted", T.BOOLEAN, label="Converted"),
        _system("ConvertedDate", T.DATE),
        _system("ConvertedAccountId", T.REFERENCE, refers_to=(ACCOUNT,), relationship="ConvertedAccount"),
        _system("ConvertedContactId", T.REFERENCE, refers_to=(CONTACT,), relationship="ConvertedContact"),
        _system("ConvertedOpportunityId", T.REFERENCE, refers_to=(OPPORTUNITY,), relationship="ConvertedOpportunity"),
        _master(LEAD),
    )


def _contact() -> tuple[Field, ...]:
    return (
        *_person(),
        *_address("Mailing"),
        _reference("AccountId", ACCOUNT, label="Account ID"),
        _reference("ReportsToId", CONTACT, label="Reports To ID"),
        Field("Department", length=80),
        Field("Birthdate", T.DATE),
        _owner(USER),
        _master(CONTACT),
    )


def _account() -> tuple[Field, ...]:
    return (
        Field("Name", label="Account Name", is_required=True),
        *_address("Billing"),
        _reference("ParentId", ACCOUNT, label="Parent Account ID"),
        Field("Type", T.PICKLIST, options=("Prospect", "Customer", "Partner", "Other")),
        Field("Industry", T.PICKLIST, options=("Agriculture", "Banking", "Biotechnology", "Technology", "Other")),
        Field("Phone", T.PHONE, length=40),
        Field("Website", T.URL),
        Field("NumberOfEmployees", T.INT, label="Employees"),
        Field("AnnualRevenue", T.CURRENCY, label="Annual Revenue", scale=0),
        _owner(USER),
        _master(ACCOUNT),
    )


def _opportunity() -> tuple[Field, ...]:
    return (
        Field("Name", length=120, is_required=True),
        Field("StageName", T.PICKLIST, label="Stage", is_required=True, options=tuple(STAGES)),
        Field("CloseDate", T.DATE, label="Close Date", is_required=True),
        Field("Amount", T.CURRENCY),
        Field("Probability", T.PERCENT, precision=3, scale=0),
        Field("Type", T.PICKLIST, options=("New Customer", "Existing Customer - Upgrade")),
        Field("LeadSource", T.PICKLIST, label="Lead Source", options=SOURCES),
        Field("Description", T.TEXTAREA, length=32_000),
        _reference("AccountId", ACCOUNT, label="Account ID"),
        _reference("CampaignId", CAMPAIGN, label="Campaign ID"),
        _reference("RecordTypeId", RECORD_TYPE),
        _owner(USER),
        _system("IsClosed", T.BOOLEAN, formula=lambda row: STAGES.get(row.get("StageName", ""), (0, False, False))[1]),
        _system("IsWon", T.BOOLEAN, formula=lambda row: STAGES.get(row.get("StageName", ""), (0, False, False))[2]),
    )


def _contact_role() -> tuple[Field, ...]:
    return (
        _reference("OpportunityId", OPPORTUNITY, label="Opportunity ID", is_required=True, is_updateable=False),
        _reference("ContactId", CONTACT, label="Contact ID", is_required=True),
        Field("Role", T.PICKLIST, length=40, options=("Decision Maker", "Economic Buyer", "Influencer", "Other")),
        Field("IsPrimary", T.BOOLEAN, label="Primary"),
    )


def _campaign() -> tuple[Field, ...]:
    return (
        Field("Name", label="Campaign Name", length=80, is_required=True),
        Field("Type", T.PICKLIST, length=40, options=("Email", "Webinar", "Conference", "Other")),
        Field("Status", T.PICKLIST, length=40, options=("Planned", "In Progress", "Completed"), default="Planned"),
        Field("StartDate", T.DATE, label="Start Date"),
        Field("EndDate", T.DATE, label="End Date"),
        Field("IsActive", T.BOOLEAN, label="Active"),
        Field("Description", T.TEXTAREA, length=32_000),
        _reference("ParentId", CAMPAIGN, label="Parent Campaign ID"),
        _owner(USER),
    )


def _campaign_member() -> tuple[Field, ...]:
    return (
        _reference("CampaignId", CAMPAIGN, label="Campaign ID", is_required=True, is_updateable=False),
        _reference("LeadId", LEAD, label="Lead ID", is_updateable=False),
        _reference("ContactId", CONTACT, label="Contact ID", is_updateable=False),
        Field("Status", T.PICKLIST, length=40),
        _system("HasResponded", T.BOOLEAN, label="Responded"),
        _system("FirstRespondedDate", T.DATE),
        _system("LeadOrContactId", T.REFERENCE, formula=lambda row: row.get("ContactId") or row.get("LeadId")),
        _system("Type", T.PICKLIST, length=40, formula=lambda row: "Contact" if row.get("ContactId") else "Lead"),
    )


def _campaign_status() -> tuple[Field, ...]:
    return (
        _reference("CampaignId", CAMPAIGN, label="Campaign ID", is_required=True, is_updateable=False),
        Field("Label", length=765, is_required=True),
        Field("SortOrder", T.INT, label="Sort Order"),
        Field("IsDefault", T.BOOLEAN, label="Default"),
        Field("HasResponded", T.BOOLEAN, label="Responded"),
    )


def _task() -> tuple[Field, ...]:
    return (
        _reference("WhoId", LEAD, CONTACT, label="Name ID"),
        _reference("WhatId", ACCOUNT, OPPORTUNITY, CAMPAIGN, label="Related To ID"),
        Field("Subject", length=255),
        Field("ActivityDate", T.DATE, label="Due Date Only"),
        Field("Status", T.PICKLIST, is_required=True, options=TASK_STATUSES, default=TASK_STATUSES[0]),
        Field("Priority", T.PICKLIST, is_required=True, options=("High", "Normal", "Low"), default="Normal"),
        Field("Description", T.TEXTAREA, length=32_000),
        Field("Type", T.PICKLIST, options=("Call", "Email", "Meeting", "Other")),
        Field("TaskSubtype", T.PICKLIST, is_updateable=False, is_restricted=True, options=_SUBTYPES, default="Task"),
        Field("CallDisposition", length=255, label="Call Result"),
        Field("CallDurationInSeconds", T.INT, label="Call Duration"),
        Field("IsReminderSet", T.BOOLEAN, label="Reminder Set"),
        Field("ReminderDateTime", T.DATETIME, label="Reminder Date/Time"),
        _owner(USER, GROUP),
        _system("AccountId", T.REFERENCE, refers_to=(ACCOUNT,), relationship="Account"),
        _system("IsClosed", T.BOOLEAN, formula=lambda row: row.get("Status") == COMPLETED),
        _system("CompletedDateTime", T.DATETIME),
        _system("IsArchived", T.BOOLEAN),
    )


_SUBTYPES = ("Task", "Email", "ListEmail", "Call", "Cadence", "LinkedIn")


def _user() -> tuple[Field, ...]:
    return (
        Field("Username", length=80, is_required=True, is_unique=True),
        Field("FirstName", length=40),
        Field("LastName", length=80, is_required=True),
        _system("Name", length=121, formula=full_name),
        Field("Email", T.EMAIL, length=128, is_required=True),
        Field("IsActive", T.BOOLEAN, label="Active", default=True),
        Field("UserType", T.PICKLIST, default="Standard"),
        Field("TimeZoneSidKey", T.PICKLIST, length=40, default="Europe/Rome"),
    )


def _group() -> tuple[Field, ...]:
    return (
        Field("Name", length=40, is_required=True),
        Field("DeveloperName", length=80),
        Field("Type", T.PICKLIST, length=40, options=("Queue", "Regular"), is_required=True),
        Field("Email", T.EMAIL),
    )


def _notification_type() -> tuple[Field, ...]:
    return (
        Field("DeveloperName", length=80, is_required=True),
        Field("MasterLabel", length=80, is_required=True),
        Field("NamespacePrefix", length=15),
        Field("Desktop", T.BOOLEAN),
        Field("Mobile", T.BOOLEAN),
    )


def _feed_item() -> tuple[Field, ...]:
    """Its text cannot be asked for in a condition. Salesforce: Object Reference, "FeedItem"."""
    return (
        _reference("ParentId", LEAD, CONTACT, ACCOUNT, OPPORTUNITY, CAMPAIGN, USER, GROUP),
        Field("Body", T.TEXTAREA, length=10_000),
        Field("Type", T.PICKLIST, length=40, options=("TextPost",), default="TextPost"),
    )


def _email_message() -> tuple[Field, ...]:
    return (
        Field("Subject", length=3_000),
        Field("TextBody", T.TEXTAREA, length=32_000),
        Field("HtmlBody", T.TEXTAREA, length=32_000),
        Field("ToAddress", length=4_000),
        Field("Status", T.PICKLIST, length=40, options=("0", "1", "2", "3", "4", "5"), default="3"),
        Field("MessageDate", T.DATETIME),
    )


def _email_relation() -> tuple[Field, ...]:
    return (
        _reference("EmailMessageId", EMAIL_MESSAGE, is_required=True),
        _reference("RelationId", LEAD, CONTACT, USER),
        Field("RelationType", T.PICKLIST, length=40, options=("ToAddress", "CcAddress", "BccAddress", "FromAddress")),
        Field("RelationAddress", length=4_000),
    )


def _sender() -> tuple[Field, ...]:
    return (Field("Address", T.EMAIL, is_required=True), Field("DisplayName", length=100, is_required=True))


def _organization() -> tuple[Field, ...]:
    return (
        Field("Name", length=80),
        Field("OrganizationType", T.PICKLIST, length=40),
        Field("InstanceName", length=5),
        Field("IsSandbox", T.BOOLEAN),
        Field("NamespacePrefix", length=15),
        Field("TimeZoneSidKey", T.PICKLIST, length=40),
    )


def _record_type() -> tuple[Field, ...]:
    return (
        Field("Name", length=80, is_required=True),
        Field("DeveloperName", length=80, is_required=True),
        Field("SobjectType", length=40, is_required=True),
        Field("NamespacePrefix", length=15),
        Field("IsActive", T.BOOLEAN, default=True),
    )


#: What records are looked up by, beside unique fields, external ids and addresses.
_LOOKED_UP_BY = {
    CONTACT: ("AccountId",),
    CAMPAIGN_MEMBER: (PAIR, "CampaignId", "LeadId", "ContactId"),
    CAMPAIGN_STATUS: ("CampaignId",),
    CONTACT_ROLE: ("ContactId", "OpportunityId"),
    TASK: ("WhoId", "WhatId"),
    FEED_ITEM: ("ParentId",),
    EMAIL_RELATION: ("RelationId",),
}
#: Object to what is deleted along with a record of it, and the field that points to it.
DELETED_WITH: dict[str, tuple[tuple[str, str], ...]] = {
    LEAD: ((CAMPAIGN_MEMBER, "LeadId"), (TASK, "WhoId")),
    CONTACT: ((CAMPAIGN_MEMBER, "ContactId"), (CONTACT_ROLE, "ContactId"), (TASK, "WhoId")),
    ACCOUNT: ((CONTACT, "AccountId"), (TASK, "WhatId")),
    OPPORTUNITY: ((CONTACT_ROLE, "OpportunityId"), (TASK, "WhatId")),
    CAMPAIGN: ((CAMPAIGN_MEMBER, "CampaignId"), (CAMPAIGN_STATUS, "CampaignId")),
}


def standard_objects() -> list[ObjectType]:
    """The objects of a new org, each time anew: an org may add fields."""
    made = [
        (ObjectType(LEAD, "00Q"), _lead()),
        (ObjectType(CONTACT, "003"), _contact()),
        (ObjectType(ACCOUNT, "001"), _account()),
        (ObjectType(OPPORTUNITY, "006"), _opportunity()),
        (ObjectType(CONTACT_ROLE, "00K", "Opportunity Contact Role"), _contact_role()),
        (ObjectType(CAMPAIGN, "701"), _campaign()),
        (ObjectType(CAMPAIGN_MEMBER, "00v", "Campaign Member"), _campaign_member()),
        (ObjectType(CAMPAIGN_STATUS, "01Y", "Campaign Member Status"), _campaign_status()),
        (ObjectType(TASK, "00T"), _task()),
        (ObjectType(USER, "005", is_writable=False), _user()),
        (ObjectType(GROUP, "00G", is_writable=False), _group()),
        (ObjectType(NOTIFICATION_TYPE, "0ML", "Custom Notification Type", is_writable=False), _notification_type()),
        (ObjectType(FEED_ITEM, "0D5", "Feed Item", is_writable=False), _feed_item()),
        (ObjectType(EMAIL_MESSAGE, "02s", "Email Message", is_writable=False), _email_message()),
        (ObjectType(EMAIL_RELATION, "0RL", "Email Message Relation", is_writable=False), _email_relation()),
        (ObjectType(SENDER, "0D2", "Organization-wide From Email Address", is_writable=False), _sender()),
        (ObjectType(ORGANIZATION, "00D", is_writable=False), _organization()),
        (ObjectType(RECORD_TYPE, "012", "Record Type", is_writable=False), _record_type()),
    ]
    for one, fields in made:
        one.looked_up_by = _LOOKED_UP_BY.get(one.name, ())
        one.add((*_stamps(), *fields))
    return [one for one, _ in made]
