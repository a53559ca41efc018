"""How large SQLite should expect the tables to be.

Its planner knows nothing of a new table and guesses that a workspace has about ten rows. It then walks over all of a
workspace's rows for each value asked for, which a hundred leads do not show and ten thousand do. Gathering true
figures (ANALYZE) would help only once the tables are full, so they are told from the start. For each index: how many
rows there are, and how many share one value of its first column, of its first two, and so on. Only the orders of
magnitude count. PostgreSQL keeps such figures by itself.
"""

from __future__ import annotations

from sqlalchemy import Connection

#: Table -> index -> figures. The primary key of a table without row ids goes by the table's name.
_SIZES = {
    "leads": {
        "sqlite_autoindex_leads_1": "100000 100000 1",
        "leads_wake": "100000 10",
        "leads_to_read": "1000 1000 1000 10",
        "leads_email": "100000 100000 1",
    },
    "crm_refs": {
        "crm_refs": "100000 100000 1",
        "crm_refs_lead": "100000 100000 1 1",
        "crm_refs_record": "100000 100000 1 1",
    },
    "facts": {
        "sqlite_autoindex_facts_1": "1000000 1000000 10 1",
        "facts_key": "1000000 1000000 10 1 1",
    },
    "history": {"sqlite_autoindex_history_1": "1000000 1000000 10 1"},
    "enrolments": {
        "enrolments": "200000 200000 2 1 1",
        "enrolments_funnel": "200000 200000 20000 2000 500",
    },
    "outbox": {
        "outbox_slot": "500000 500000 5 1",
        "outbox_due": "1000 1000 200 10",
        "outbox_refused": "100 1",
    },
}


def tell_sizes(connection: Connection) -> None:
    """Put the figures where the planner looks. A second run changes nothing."""
    # Makes the table that holds them; at the end, reads it.
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    rows = [(table, index, figures) for table, indexes in _SIZES.items() for index, figures in indexes.items()]
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)
    connection.exec_driver_sql("ANALYZE sqlite_schema")
