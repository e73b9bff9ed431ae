# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: few calls of the model at once, first come, first served, and few of each who asks."""

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from limits import MAX_OF_ADDRESS, MAX_OF_SESSION, MAX_SECONDS, MAX_UNFINISHED, NUM_WORKERS, RequestError


Item = TypeVar("Item")

# Seconds between two looks at the place in the queue.
_LOOK = 1.0
_END = object()


class BusyError(RequestError):
    """There is too much to do."""


@dataclass(frozen=True)
class Waiting:
    """
    It is not one's turn yet.

    Args:
        place (`int`):
            The place in the queue; 1 is next.
    """

    place: int


@dataclass
class _Job(Generic[Item]):
    owners: tuple[str, str]
    make_items: Callable[[], Iterator[Item]]
    results: "queue.SimpleQueue[Any]" = field(default_factory=queue.SimpleQueue)
    is_left: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class Turns:
    """
    Runs iterators in a few threads, in the order in which they come. Who asks again before the last answer is told to
    wait, so that nobody has two places in the queue.

    A thread is free when its iterator is at its end, whether or not somebody still reads what comes out of it: a
    visitor who leaves keeps no one waiting.

    Args:
        num_workers (`int`, *optional*, defaults to 2):
            How many run at once.
        max_unfinished (`int`, *optional*, defaults to 48):
            How many may run or wait.
        max_of_session (`int`, *optional*, defaults to 1):
            How many of these may be of one session.
        max_of_address (`int`, *optional*, defaults to 24):
            How many of these may be of one address.
        max_seconds (`float`, *optional*, defaults to 60.0):
            How long one may run; it is ended at its next item.
    """

    def __init__(
        self,
        num_workers: int = NUM_WORKERS,
        max_unfinished: int = MAX_UNFINISHED,
        max_of_session: int = MAX_OF_SESSION,
        max_of_address: int = MAX_OF_ADDRESS,
        max_seconds: float = MAX_SECONDS,
    ):
        self.max_unfinished, self.max_seconds = max_unfinished, max_seconds
        self.max_of_session, self.max_of_address = max_of_session, max_of_address
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._unfinished: Counter[str] = Counter()
        self._num_unfinished = 0
        self._pool = ThreadPoolExecutor(num_workers, thread_name_prefix="turn")

    def run(self, session: str, address: str, make_items: Callable[[], Iterator[Item]]) -> Iterator[Item | Waiting]:
        """
        Args:
            session (`str`), address (`str`):
                Who asks.
            make_items (`Callable`):
                A function that makes the iterator, called when it is its turn.

        Returns:
            Iterator over what that iterator gives, and over [`Waiting`] before, about once a second.

        Raises:
            [`BusyError`]: if there is no place left, at the first item.
            [`RequestError`]: if it takes too long.
        """
        job = self._admit(session, address, make_items)
        try:
            while True:
                try:
                    item = job.results.get(timeout=_LOOK)
                except queue.Empty:
                    with self._lock:
                        place = self._waiting.index(job) + 1 if job in self._waiting else 0
                    if place:
                        yield Waiting(place)
                    continue
                if item is _END:
                    return
                if isinstance(item, _Failure):
                    raise item.error
                yield item
        finally:
            self._leave(job)

    def _admit(self, session: str, address: str, make_items: Callable[[], Iterator[Item]]) -> _Job[Item]:
        job = _Job((f"session {session}", f"address {address}"), make_items)
        with self._lock:
            if self._unfinished[job.owners[0]] >= self.max_of_session:
                raise BusyError("Busy: your last request is not finished. One at a time, please.")
            if self._unfinished[job.owners[1]] >= self.max_of_address:
                raise BusyError("Busy: too many requests from your address. Please try again in a moment.")
            if self._num_unfinished >= self.max_unfinished:
                raise BusyError("Busy: too many people are waiting. Please try again in a moment.")
            self._unfinished.update(job.owners)
            self._num_unfinished += 1
            self._waiting.append(job)
        self._pool.submit(self._work)
        return job

    def _leave(self, job: _Job) -> None:
        job.is_left.set()
        with self._lock:
            # One that runs is finished by its thread.
            if job in self._waiting:
                self._waiting.remove(job)
                self._finish(job)

    def _finish(self, job: _Job) -> None:
        self._num_unfinished -= 1
        self._unfinished.subtract(job.owners)
        for owner in job.owners:
            if not self._unfinished[owner]:
                del self._unfinished[owner]

    def _work(self) -> None:
        with self._lock:
            if not self._waiting:  # who waited has left
                return
            job = self._waiting.popleft()
        end = time.monotonic() + self.max_seconds
        last: object = _END
        try:
            for item in job.make_items():
                job.results.put(item)
                if job.is_left.is_set():
                    break
                if time.monotonic() > end:
                    raise RequestError(f"This took longer than {self.max_seconds:.0f} seconds and was ended.")
        except BaseException as error:  # whatever it is, who asked is the one to hear it
            last = _Failure(error)
        finally:
            with self._lock:
                self._finish(job)
            # Behind that, so that who has the last item may ask again.
            job.results.put(last)


__all__ = ["BusyError", "Turns", "Waiting"]
