"""Run an iterator one thread ahead of its consumer, bounded: reading, transforming and writing overlap."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """The items of ``items``, produced by another thread, at most ``depth`` waiting; its exceptions arrive here.

    Closing the returned iterator early stops the other thread after its current item.
    """
    waiting: queue.Queue[object] = queue.Queue(maxsize=depth)
    failed: list[BaseException] = []
    stopped = threading.Event()

    def put(item: object) -> None:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - carried to the consumer, raised there
            failed.append(error)
        put(_END)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            yield item  # type: ignore[misc]
        if failed:
            raise failed[0]
    finally:
        stopped.set()
        thread.join()
