"""The properties that a portal has before anyone adds one. Names and traits: HubSpot's default property pages."""

from __future__ import annotations

from connector.sandbox.hubspot.properties import Catalog, Group, Option, Property, catalog_of
from connector.sandbox.hubspot.vocabulary import (
    COMPANY,
    CONTACT,
    DEAL,
    LIFECYCLE_STAGES,
    MEETING,
    NOTE,
    TASK,
    ObjectType,
)

_STAGE_LABELS = {
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
}
_LEAD_STATUSES = (
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "OPEN_DEAL",
    "UNQUALIFIED",
    "ATTEMPTED_TO_CONTACT",
    "CONNECTED",
    "BAD_TIMING",
)
_INDUSTRIES = (
    "ACCOUNTING",
    "AUTOMOTIVE",
    "BANKING",
    "COMPUTER_SOFTWARE",
    "CONSTRUCTION",
    "CONSUMER_GOODS",
    "EDUCATION_MANAGEMENT",
    "FINANCIAL_SERVICES",
    "FOOD_PRODUCTION",
    "HOSPITAL_HEALTH_CARE",
    "INFORMATION_TECHNOLOGY_AND_SERVICES",
    "INSURANCE",
    "INTERNET",
    "LOGISTICS_AND_SUPPLY_CHAIN",
    "MACHINERY",
    "MANAGEMENT_CONSULTING",
    "MARKETING_AND_ADVERTISING",
    "MECHANICAL_OR_INDUSTRIAL_ENGINEERING",
    "PHARMACEUTICALS",
    "REAL_ESTATE",
    "RETAIL",
    "TELECOMMUNICATIONS",
    "UTILITIES",
)


def _options(*values: str) -> tuple[Option, ...]:
    return tuple(
        Option(value, _STAGE_LABELS.get(value) or value.replace("_", " ").capitalize(), order)
        for order, value in enumerate(values)
    )


def _text(name: str, label: str, group: str = "contactinformation", *, form: bool = False) -> Property:
    return Property(name, label, group=group, form_field=form)


def _select(name: str, label: str, values: tuple[str, ...], group: str = "contactinformation") -> Property:
    return Property(name, label, "enumeration", "select", group, options=_options(*values))


def _owner(group: str) -> Property:
    return Property("hubspot_owner_id", "Owner", "enumeration", "select", group, referenced_object_type="OWNER")


def _set_by_portal(name: str, label: str, kind: str, group: str, *, calculated: bool = False) -> Property:
    """A property that the portal's own machinery writes and the API may only read."""
    field_type = {"number": "number", "bool": "booleancheckbox", "string": "text"}.get(kind, "date")
    options = _options("true", "false") if kind == "bool" else ()
    return Property(name, label, kind, field_type, group, options=options, read_only=True, calculated=calculated)


def _record_information(object_type: ObjectType, group: str) -> tuple[Property, ...]:
    return (
        _set_by_portal("hs_object_id", "Record ID", "number", group),
        _set_by_portal(object_type.created_property, "Create date", "datetime", group),
        _set_by_portal(object_type.modified_property, "Last modified date", "datetime", group),
    )


_EMAIL_GROUP = "emailinformation"
_CONVERSION_GROUP = "conversioninformation"

_CONTACT_PROPERTIES = (
    Property("email", "Email", unique=True, form_field=True),
    _text("firstname", "First name", form=True),
    _text("lastname", "Last name", form=True),
    _text("company", "Company name", form=True),
    _text("jobtitle", "Job title", form=True),
    Property("phone", "Phone number", "string", "phonenumber", form_field=True),
    _text("website", "Website URL", form=True),
    _text("city", "City", form=True),
    _text("state", "State/Region", form=True),
    _text("country", "Country/Region", form=True),
    _text("industry", "Industry", form=True),
    Property("message", "Message", "string", "textarea", form_field=True),
    Property(
        "numemployees",
        "Number of employees",
        "enumeration",
        "select",
        options=_options("1-5", "5-25", "25-50", "50-100", "100-500", "500-1000", "1000+"),
        form_field=True,
    ),
    _text("annualrevenue", "Annual revenue"),
    _select("lifecyclestage", "Lifecycle stage", LIFECYCLE_STAGES),
    _select("hs_lead_status", "Lead status", _LEAD_STATUSES),
    _owner("contactinformation"),
    Property(
        "hs_timezone",
        "Time zone",
        "enumeration",
        "select",
        options=_options(
            "america_slash_new_york",
            "america_slash_los_angeles",
            "america_slash_sao_paulo",
            "asia_slash_kolkata",
            "asia_slash_tokyo",
            "australia_slash_sydney",
            "europe_slash_berlin",
            "europe_slash_london",
            "europe_slash_paris",
            "europe_slash_rome",
        ),
    ),
    _text("hs_persona", "Persona"),
    Property("hs_pinned_engagement_id", "Pinned engagement", "number", "number"),
    *_record_information(CONTACT, "contactinformation"),
    _set_by_portal("hs_merged_object_ids", "Merged record IDs", "string", "contactinformation"),
    _set_by_portal("hs_additional_emails", "Additional emails", "string", "contactinformation", calculated=True),
    _set_by_portal("hs_email_domain", "Email domain", "string", "contactinformation", calculated=True),
    _set_by_portal("hs_marketable_status", "Marketing contact status", "bool", "contactinformation"),
    _set_by_portal("hs_latest_source_timestamp", "Latest traffic source date", "datetime", "analyticsinformation"),
    _set_by_portal("hs_last_sales_activity_timestamp", "Last engagement date", "datetime", "contactinformation"),
    _set_by_portal("hs_last_sales_activity_type", "Last engagement type", "string", "contactinformation"),
    _set_by_portal("hs_email_optout", "Unsubscribed from all email", "bool", _EMAIL_GROUP),
    _set_by_portal("hs_email_last_email_name", "Last marketing email name", "string", _EMAIL_GROUP),
    _set_by_portal("hs_email_last_send_date", "Last marketing email send date", "datetime", _EMAIL_GROUP),
    _set_by_portal("hs_email_last_open_date", "Last marketing email open date", "datetime", _EMAIL_GROUP),
    _set_by_portal("hs_email_last_click_date", "Last marketing email click date", "datetime", _EMAIL_GROUP),
    _set_by_portal("hs_email_last_reply_date", "Last marketing email reply date", "datetime", _EMAIL_GROUP),
    _set_by_portal("hs_email_delivered", "Marketing emails delivered", "number", _EMAIL_GROUP),
    _set_by_portal("hs_email_open", "Marketing emails opened", "number", _EMAIL_GROUP),
    _set_by_portal("hs_email_click", "Marketing emails clicked", "number", _EMAIL_GROUP),
    _set_by_portal("hs_email_replied", "Marketing emails replied", "number", _EMAIL_GROUP),
    _set_by_portal("hs_email_bounce", "Marketing emails bounced", "number", _EMAIL_GROUP),
    _set_by_portal("hs_email_hard_bounce_reason_enum", "Email hard bounce reason", "string", _EMAIL_GROUP),
    _set_by_portal("recent_conversion_date", "Recent conversion date", "datetime", _CONVERSION_GROUP, calculated=True),
    _set_by_portal("recent_conversion_event_name", "Recent conversion", "string", _CONVERSION_GROUP, calculated=True),
    _set_by_portal("first_conversion_date", "First conversion date", "datetime", _CONVERSION_GROUP, calculated=True),
    _set_by_portal("first_conversion_event_name", "First conversion", "string", _CONVERSION_GROUP, calculated=True),
    _set_by_portal("num_conversion_events", "Number of form submissions", "number", _CONVERSION_GROUP, calculated=True),
    _set_by_portal("engagements_last_meeting_booked", "Date of last meeting booked", "datetime", "contactinformation"),
    _set_by_portal("hs_latest_meeting_activity", "Latest meeting activity", "datetime", "contactinformation"),
    _set_by_portal("hs_feedback_last_survey_date", "Last survey date", "datetime", "contactinformation"),
    _set_by_portal("hs_analytics_last_url", "Last page seen", "string", "analyticsinformation"),
    _set_by_portal("hs_analytics_last_timestamp", "Time of last session", "datetime", "analyticsinformation"),
    _set_by_portal("hs_analytics_num_page_views", "Number of page views", "number", "analyticsinformation"),
)

_COMPANY_PROPERTIES = (
    _text("name", "Company name", "companyinformation"),
    _text("domain", "Company domain name", "companyinformation"),
    Property("phone", "Phone number", "string", "phonenumber", "companyinformation"),
    _text("city", "City", "companyinformation"),
    _text("country", "Country/Region", "companyinformation"),
    _select("industry", "Industry", _INDUSTRIES, "companyinformation"),
    Property("numberofemployees", "Number of employees", "number", "number", "companyinformation"),
    Property("annualrevenue", "Annual revenue", "number", "number", "companyinformation"),
    _select("lifecyclestage", "Lifecycle stage", LIFECYCLE_STAGES, "companyinformation"),
    _owner("companyinformation"),
    *_record_information(COMPANY, "companyinformation"),
    _set_by_portal("hs_merged_object_ids", "Merged record IDs", "string", "companyinformation"),
)

_DEAL_PROPERTIES = (
    _text("dealname", "Deal name", "dealinformation"),
    Property("amount", "Amount", "number", "number", "dealinformation"),
    Property("closedate", "Close date", "datetime", "date", "dealinformation"),
    _select(
        "dealstage",
        "Deal stage",
        (
            "appointmentscheduled",
            "qualifiedtobuy",
            "presentationscheduled",
            "decisionmakerboughtin",
            "contractsent",
            "closedwon",
            "closedlost",
        ),
        "dealinformation",
    ),
    _select("pipeline", "Pipeline", ("default",), "dealinformation"),
    _owner("dealinformation"),
    *_record_information(DEAL, "dealinformation"),
    _set_by_portal("hs_merged_object_ids", "Merged record IDs", "string", "dealinformation"),
)

_TASK_PROPERTIES = (
    Property("hs_timestamp", "Due date", "datetime", "date", "task"),
    _text("hs_task_subject", "Task title", "task"),
    Property("hs_task_body", "Task notes", "string", "html", "task"),
    _select("hs_task_status", "Status", ("NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"), "task"),
    _select("hs_task_priority", "Priority", ("NONE", "LOW", "MEDIUM", "HIGH"), "task"),
    _select("hs_task_type", "Task type", ("TODO", "CALL", "EMAIL"), "task"),
    Property("hs_task_reminders", "Reminder", "string", "text", "task"),
    _owner("task"),
    _set_by_portal("hs_task_completion_date", "Completed at", "datetime", "task"),
    _set_by_portal("hs_unique_creation_key", "Unique creation key", "string", "task"),
    *_record_information(TASK, "task"),
)

_NOTE_PROPERTIES = (
    Property("hs_timestamp", "Activity date", "datetime", "date", "note"),
    Property("hs_note_body", "Note body", "string", "html", "note"),
    _owner("note"),
    _set_by_portal("hs_unique_creation_key", "Unique creation key", "string", "note"),
    *_record_information(NOTE, "note"),
)

_MEETING_PROPERTIES = (
    Property("hs_timestamp", "Activity date", "datetime", "date", "meeting"),
    _text("hs_meeting_title", "Meeting name", "meeting"),
    Property("hs_meeting_start_time", "Meeting start time", "datetime", "date", "meeting"),
    _owner("meeting"),
    *_record_information(MEETING, "meeting"),
)

_TABLE: dict[ObjectType, tuple[Property, ...]] = {
    CONTACT: _CONTACT_PROPERTIES,
    COMPANY: _COMPANY_PROPERTIES,
    DEAL: _DEAL_PROPERTIES,
    TASK: _TASK_PROPERTIES,
    NOTE: _NOTE_PROPERTIES,
    MEETING: _MEETING_PROPERTIES,
}

#: Without these a record of that type is not created.
REQUIRED_PROPERTIES: dict[str, tuple[str, ...]] = {
    TASK.type_id: ("hs_timestamp",),
    NOTE.type_id: ("hs_timestamp",),
    MEETING.type_id: ("hs_timestamp",),
}


def default_catalog(object_type: ObjectType) -> Catalog:
    """The properties and groups of a new portal for one object type."""
    definitions = _TABLE[object_type]
    groups = dict.fromkeys(definition.group for definition in definitions)
    return catalog_of(definitions, (Group(name, name.capitalize()) for name in groups))
