from __future__ import annotations

from pathlib import Path

from connector.engine.running.work import Workplace, build_worker
from connector.ports import EventKind
from tests.builders import CRM, after
from tests.office import Office, changed, event


def test_nothing_of_a_person_who_asked_to_be_forgotten_is_left_in_the_files(office: Office, tmp_path: Path) -> None:
    place = Workplace(
        office.store, office.clock, {CRM: office.endpoint}, office.compile_book, lambda _: office.crm, "w1"
    )
    worker = build_worker(place)
    office.receive(changed("industry", "zymurgy"))
    worker.run_until_idle()

    office.receive(event(EventKind.ERASED, at=after(minutes=1)))
    worker.run_until_idle()
    office.receive(changed("industry", "zymurgy again"))
    worker.run_until_idle()

    assert [file.name for file in tmp_path.iterdir() if b"zymurgy" in file.read_bytes()] == []
