"""Every API operation: its name, its paths in both API generations, its scopes, its handler."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.hubspot import account_api as account
from connector.sandbox.hubspot import associations_api as links
from connector.sandbox.hubspot import batch_api as batch
from connector.sandbox.hubspot import emails_api as emails
from connector.sandbox.hubspot import events_api as events
from connector.sandbox.hubspot import feeds_api as feeds
from connector.sandbox.hubspot import lists_api as lists
from connector.sandbox.hubspot import objects_api as objects
from connector.sandbox.hubspot import properties_api as properties
from connector.sandbox.hubspot import scopes
from connector.sandbox.hubspot import search_api as search
from connector.sandbox.hubspot.call import Handler
from connector.sandbox.hubspot.vocabulary import DATE_VERSION


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can be asked."""

    name: str
    method: str
    paths: tuple[str, ...]
    needed: scopes.Needed
    handler: Handler
    is_search: bool = False


#: Path prefixes of one API in every version that the sandbox answers.
_OBJECTS = ("/crm/v3/objects", f"/crm/objects/{DATE_VERSION}")
_PROPERTIES = ("/crm/v3/properties", f"/crm/properties/{DATE_VERSION}")
_LISTS = ("/crm/v3/lists", f"/crm/lists/{DATE_VERSION}")
_OWNERS = ("/crm/v3/owners", f"/crm/owners/{DATE_VERSION}")
_LINKS = ("/crm/v4/associations", f"/crm/associations/{DATE_VERSION}")
_LINKED = ("/crm/v4/objects", f"/crm/objects/{DATE_VERSION}")
_PIPELINES = ("/crm/v3/pipelines", "/crm/pipelines/2026-03")
_ACCOUNT = ("/account-info/v3", f"/account-info/{DATE_VERSION}")

_TYPE = "/<object_type>"
_ONE = "/<object_type>/<object_id>"
_PAIR = "/<from_type>/<to_type>"
_LINK = "/<from_type>/<from_id>/associations"


def _on(prefixes: tuple[str, ...], path: str) -> tuple[str, ...]:
    return tuple(prefix + path for prefix in prefixes)


def _table(
    prefixes: tuple[str, ...], rows: tuple[tuple[str, str, str, scopes.Needed, Handler], ...]
) -> tuple[Operation, ...]:
    return tuple(
        Operation(name, method, _on(prefixes, path), needed, handler) for name, method, path, needed, handler in rows
    )


_READ, _WRITE, _SCHEMA = scopes.OBJECT_READ, scopes.OBJECT_WRITE, scopes.SCHEMA_WRITE
_PROPERTIES_READ, _ASSOCIATE = scopes.PROPERTIES_READ, scopes.ASSOCIATIONS
_LISTS_READ, _LISTS_WRITE = scopes.LISTS_READ, scopes.LISTS_WRITE
_MEMBERS = "/<list_id>/memberships"
_LIST_BY_NAME = "/object-type-id/<object_type_id>/name/<list_name>"
_OF_RECORD = "/records/<object_type_id>/<record_id>/memberships"
_OTHER = "/<to_type>/<to_id>"
_EVENTS = ("/events/v3/events", f"/events/event-occurrences/{DATE_VERSION}")
_FORMS = ("/marketing/v3/forms", "/marketing/forms/2026-09-beta")
_LEGACY_FORM = "/form-integrations/v1/submissions/forms/<form_guid>"
_SINGLE_SEND = ("/marketing/v4/email/single-send", "/marketing/email-campaigns/2026-03/single-send")
_TRANSACTIONAL = (
    "/marketing/v3/transactional/single-email/send",
    f"/marketing/transactional/{DATE_VERSION}/single-email/send",
)
_SEND_STATUS = "/marketing/v3/email/send-statuses/<status_id>"
_CAMPAIGN = "/email/public/v1/campaigns/<campaign_id>"

OPERATIONS: tuple[Operation, ...] = (
    *_table(
        _OBJECTS,
        (
            ("objects.list", "GET", _TYPE, _READ, objects.list_records),
            ("objects.create", "POST", _TYPE, _WRITE, objects.create_record),
            ("objects.get", "GET", _ONE, _READ, objects.get_record),
            ("objects.update", "PATCH", _ONE, _WRITE, objects.update_record),
            ("objects.delete", "DELETE", _ONE, _WRITE, objects.delete_record),
            ("objects.merge", "POST", f"{_TYPE}/merge", _WRITE, objects.merge_records),
            ("objects.gdpr_delete", "POST", f"{_TYPE}/gdpr-delete", _WRITE, objects.gdpr_delete),
            ("objects.batch_read", "POST", f"{_TYPE}/batch/read", _READ, batch.read_batch),
            ("objects.batch_create", "POST", f"{_TYPE}/batch/create", _WRITE, batch.create_batch),
            ("objects.batch_update", "POST", f"{_TYPE}/batch/update", _WRITE, batch.update_batch),
            ("objects.batch_upsert", "POST", f"{_TYPE}/batch/upsert", _WRITE, batch.upsert_batch),
            ("objects.batch_archive", "POST", f"{_TYPE}/batch/archive", _WRITE, batch.archive_batch),
        ),
    ),
    Operation("objects.search", "POST", _on(_OBJECTS, f"{_TYPE}/search"), _READ, search.search_records, is_search=True),
    *_table(
        _PROPERTIES,
        (
            ("properties.list", "GET", _TYPE, _PROPERTIES_READ, properties.list_properties),
            ("properties.create", "POST", _TYPE, _SCHEMA, properties.create_property),
            ("properties.get", "GET", f"{_TYPE}/<name>", _PROPERTIES_READ, properties.get_property),
            ("properties.update", "PATCH", f"{_TYPE}/<name>", _SCHEMA, properties.update_property),
            ("properties.archive", "DELETE", f"{_TYPE}/<name>", _SCHEMA, properties.archive_property),
            ("properties.batch_read", "POST", f"{_TYPE}/batch/read", _PROPERTIES_READ, properties.read_properties),
            ("properties.batch_create", "POST", f"{_TYPE}/batch/create", _SCHEMA, properties.create_properties),
            ("properties.batch_archive", "POST", f"{_TYPE}/batch/archive", _SCHEMA, properties.archive_properties),
            ("groups.list", "GET", f"{_TYPE}/groups", _PROPERTIES_READ, properties.list_groups),
            ("groups.create", "POST", f"{_TYPE}/groups", _SCHEMA, properties.create_group),
            ("groups.get", "GET", f"{_TYPE}/groups/<name>", _PROPERTIES_READ, properties.get_group),
            ("groups.update", "PATCH", f"{_TYPE}/groups/<name>", _SCHEMA, properties.update_group),
            ("groups.archive", "DELETE", f"{_TYPE}/groups/<name>", _SCHEMA, properties.archive_group),
        ),
    ),
    *_table(
        _LISTS,
        (
            ("lists.create", "POST", "", scopes.LISTS_CREATE, lists.create_list),
            ("lists.get_many", "GET", "", _LISTS_READ, lists.get_lists),
            ("lists.search", "POST", "/search", _LISTS_READ, lists.search_lists),
            ("lists.get", "GET", "/<list_id>", _LISTS_READ, lists.get_list),
            ("lists.delete", "DELETE", "/<list_id>", _LISTS_WRITE, lists.delete_list),
            ("lists.restore", "PUT", "/<list_id>/restore", _LISTS_WRITE, lists.restore_list),
            ("lists.rename", "PUT", "/<list_id>/update-list-name", _LISTS_WRITE, lists.rename_list),
            ("lists.get_by_name", "GET", _LIST_BY_NAME, _LISTS_READ, lists.get_list_by_name),
            ("members.list", "GET", _MEMBERS, _LISTS_READ, lists.list_members),
            ("members.remove_all", "DELETE", _MEMBERS, _LISTS_WRITE, lists.remove_all_members),
            ("members.list_by_joining", "GET", _MEMBERS + "/join-order", _LISTS_READ, lists.list_members_by_joining),
            ("members.add", "PUT", _MEMBERS + "/add", _LISTS_WRITE, lists.add_members),
            ("members.remove", "PUT", _MEMBERS + "/remove", _LISTS_WRITE, lists.remove_members),
            ("members.add_and_remove", "PUT", _MEMBERS + "/add-and-remove", _LISTS_WRITE, lists.add_and_remove_members),
            ("members.add_from", "PUT", _MEMBERS + "/add-from/<source_list_id>", _LISTS_WRITE, lists.add_members_of),
            ("members.of_record", "GET", _OF_RECORD, _LISTS_READ, lists.lists_of_record),
            ("members.of_records", "POST", "/records/memberships/batch/read", _LISTS_READ, lists.lists_of_records),
        ),
    ),
    *_table(
        _LINKS,
        (
            ("associations.batch_read", "POST", f"{_PAIR}/batch/read", _ASSOCIATE, links.read_associations),
            ("associations.batch_create", "POST", f"{_PAIR}/batch/create", _ASSOCIATE, links.create_associations),
            (
                "associations.batch_create_default",
                "POST",
                f"{_PAIR}/batch/associate/default",
                _ASSOCIATE,
                links.create_default_associations,
            ),
            ("associations.batch_archive", "POST", f"{_PAIR}/batch/archive", _ASSOCIATE, links.delete_associations),
        ),
    ),
    *_table(
        _LINKED,
        (
            (
                "associations.create_default",
                "PUT",
                _LINK + "/default" + _OTHER,
                _ASSOCIATE,
                links.create_default_association,
            ),
            ("associations.create", "PUT", _LINK + _OTHER, _ASSOCIATE, links.create_association),
            ("associations.delete", "DELETE", _LINK + _OTHER, _ASSOCIATE, links.delete_association),
        ),
    ),
    # The single read is in v4 only: the 2026-09 description has no such path.
    Operation("associations.list", "GET", (f"/crm/v4/objects{_LINK}/<to_type>",), _ASSOCIATE, links.list_associations),
    Operation("owners.list", "GET", _OWNERS, scopes.OWNERS, account.list_owners),
    Operation("owners.get", "GET", _on(_OWNERS, "/<owner_id>"), scopes.OWNERS, account.get_owner),
    Operation("pipelines.list", "GET", _on(_PIPELINES, "/<object_type>"), _READ, account.list_pipelines),
    Operation("account.details", "GET", _on(_ACCOUNT, "/details"), scopes.OAUTH, account.account_details),
    Operation(
        "account.uninstall",
        "DELETE",
        (f"/appinstalls/{DATE_VERSION}/external-install",),
        scopes.OAUTH,
        account.uninstall,
    ),
    Operation("forms.list", "GET", _FORMS, scopes.FORMS, feeds.list_forms),
    Operation("forms.submissions", "GET", (_LEGACY_FORM,), scopes.FORMS, feeds.list_submissions),
    Operation("events.list", "GET", _EVENTS, scopes.OAUTH, events.list_events),
    Operation("events.types", "GET", _on(_EVENTS, "/event-types"), scopes.OAUTH, events.list_event_types),
    Operation("emails.events", "GET", ("/email/public/v1/events",), scopes.CONTENT, feeds.list_email_events),
    Operation("emails.send", "POST", _SINGLE_SEND, scopes.SINGLE_SEND, emails.send_marketing),
    Operation(
        "emails.send_transactional", "POST", _TRANSACTIONAL, scopes.TRANSACTIONAL_EMAIL, emails.send_transactional
    ),
    Operation("emails.send_status", "GET", (_SEND_STATUS,), scopes.SINGLE_SEND, emails.get_status),
    Operation("emails.campaign", "GET", (_CAMPAIGN,), scopes.CONTENT, feeds.get_campaign),
)
