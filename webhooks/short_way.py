"""The short way of what is most often sent: a genuine delivery, kept and acknowledged without the application.

A commit costs the disk the same whether it holds one delivery or a hundred. Deliveries that are ready together are
therefore kept in one transaction, and each is acknowledged when it has ended. While the disk writes, the server gathers
the next ones: the more come, the more share a commit, and one that comes alone waits for nobody.
"""

from __future__ import annotations

import asyncio

from connector.errors import DeliveryError, StoreUnavailableError
from connector.log import get_logger
from connector.ports import NewDelivery, RawRequest
from webhooks.answers import Acknowledgement
from webhooks.door import Door
from webhooks.receive import UNAVAILABLE, admit, to_receipts


class ShortWay:
    """Keeps genuine deliveries, several at once; for one event loop."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._names = {f"/webhooks/{name}": name for name in door.endpoints}
        self._receipts = to_receipts(door)
        #: What the next transaction keeps, and who waits for it.
        self._waiting: list[tuple[NewDelivery, asyncio.Future[Acknowledgement | None]]] = []

    async def take(self, raw: RawRequest) -> Acknowledgement | None:
        """The answer to a genuine delivery, durable by then if the answer says so.

        None leaves the request to the application, which looks again and says what is wrong. So does a transaction
        that failed for what was in it: each of its deliveries is then kept, or not, by itself.
        """
        delivery = self._admit(raw)
        if delivery is None:
            return None
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._keep)
        answer: asyncio.Future[Acknowledgement | None] = loop.create_future()
        self._waiting.append((delivery, answer))
        return await answer

    def _admit(self, raw: RawRequest) -> NewDelivery | None:
        name = self._names.get(raw.target.partition("?")[0])
        if name is None or raw.method != "POST":
            return None
        endpoint = self._door.endpoints[name]
        media_type = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in endpoint.media_types or len(raw.body) > endpoint.max_body:
            return None
        try:
            return admit(self._door, name, raw)
        except (DeliveryError, StoreUnavailableError):
            return None

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, []
        answers = self._keep_together([delivery for delivery, _ in waiting])
        for (_, waits), answer in zip(waiting, answers, strict=True):
            if not waits.done():  # whoever was cancelled waits no longer
                waits.set_result(answer)

    def _keep_together(self, deliveries: list[NewDelivery]) -> list[Acknowledgement | None]:
        try:
            self._door.store.keep(*deliveries)
        except StoreUnavailableError:
            return [UNAVAILABLE] * len(deliveries)
        except Exception as error:  # noqa: BLE001 whatever it is, somebody waits for each of them
            get_logger().warning("deliveries.parted", deliveries=len(deliveries), exc_info=error)
            return [None] * len(deliveries)
        return [self._receipts[delivery.endpoint] for delivery in deliveries]
