"""Queries and their pages. Salesforce: REST API, "Query", "QueryAll"."""

from __future__ import annotations

from functools import lru_cache

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.cursors import Cursor
from connector.sandbox.salesforce.query import Query
from connector.sandbox.salesforce.refusals import Json, RefusalError
from connector.sandbox.salesforce.soql import parse_soql

DEFAULT_PAGE, MIN_PAGE, MAX_PAGE = 2_000, 200, 2_000
#: Clients send the same query with other values seldom, and with the same ones often enough.
_parse = lru_cache(maxsize=64)(parse_soql)


def query(call: Call) -> Reply:
    """`GET /query?q=`."""
    return _run(call, "query", with_deleted=False)


def query_all(call: Call) -> Reply:
    """`GET /queryAll?q=`: also what is in the recycle bin."""
    return _run(call, "queryAll", with_deleted=True)


def query_more(call: Call) -> Reply:
    """`GET /query/{locator}-{place}`, as `nextRecordsUrl` says."""
    locator, _, place = call.path["locator"].partition("-")
    cursor = call.org.cursors.get(locator)
    return Reply(body=_page(call, cursor, int(place) if place.isdecimal() else 0))


def _run(call: Call, resource: str, *, with_deleted: bool) -> Reply:
    text = call.one("q")
    if not text:
        raise RefusalError("MALFORMED_QUERY", "A query string has to be specified")
    answer = Query(_parse(text), call.database, call.permissions, call.root, with_deleted=with_deleted).run()
    if answer.is_count:
        return Reply(body={"totalSize": len(answer.record_ids), "done": True, "records": []})
    size = _page_size(call)
    if len(answer.record_ids) <= size:
        records = [answer.tell(one) for one in answer.record_ids]
        return Reply(body={"totalSize": len(records), "done": True, "records": records})
    cursor = call.org.cursors.open(
        call.grant.user_id, answer.record_ids, answer.tell, page_size=size, resource=resource
    )
    return Reply(body=_page(call, cursor, 0))


def _page(call: Call, cursor: Cursor, place: int) -> Json:
    end = place + cursor.page_size
    told = [record for one in cursor.record_ids[place:end] if (record := cursor.tell(one)) is not None]
    is_done = end >= len(cursor.record_ids)
    page: Json = {"totalSize": len(cursor.record_ids), "done": is_done}
    if not is_done:
        page["nextRecordsUrl"] = f"{call.root}/{cursor.resource}/{cursor.locator}-{end}"
    return {**page, "records": told}


def _page_size(call: Call) -> int:
    asked = call.options("sforce-query-options").get("batchsize", "")
    return min(MAX_PAGE, max(MIN_PAGE, int(asked))) if asked.isdecimal() else DEFAULT_PAGE
