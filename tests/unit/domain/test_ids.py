"""Names of records and leads."""

from __future__ import annotations

from connector.domain.ids import CrmRef, WorkspaceId, to_lead_id, to_ref

ADA = CrmRef("hubspot", "4711", "contact", "51")


def test_a_records_name_reads_as_the_same_record_whatever_its_id_holds() -> None:
    odd = CrmRef("hubspot", "4711", "contact", "5:1:2")

    assert str(ADA) == "hubspot:4711:contact:51"
    assert [to_ref(str(ref)) for ref in (ADA, odd)] == [ADA, odd]


def test_a_lead_is_called_the_same_on_every_machine_and_otherwise_in_every_workspace() -> None:
    assert to_lead_id(WorkspaceId("acme"), ADA) == "L4e27ba26e01c588c"
    assert to_lead_id(WorkspaceId("other"), ADA) != to_lead_id(WorkspaceId("acme"), ADA)
