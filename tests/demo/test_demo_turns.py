# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: in order, few at once, few of each, and no place kept for who has left."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import turns as turns_module
from limits import RequestError
from turns import BusyError, Turns, Waiting


TIMEOUT = 20


@pytest.fixture
def gate():
    """Work that waits until it is let go on."""

    class Gate:
        def __init__(self):
            self.started, self.go = threading.Semaphore(0), threading.Event()

        def work(self):
            self.started.release()
            assert self.go.wait(TIMEOUT)
            yield "done"

    gate = Gate()
    yield gate
    gate.go.set()


def start(pool, turns, name, work, address="here"):
    return pool.submit(lambda: list(turns.run(name, address, work)))


def wait_until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_items_come_as_they_are_made():
    turns = Turns()
    assert list(turns.run("me", "here", lambda: iter([1, 2, 3]))) == [1, 2, 3]
    # And again: no place is left taken.
    assert list(turns.run("me", "here", lambda: iter([4]))) == [4]


def test_first_come_first_served_and_few_at_once(gate):
    turns, order, running, most = Turns(num_workers=2, max_of_address=20), [], [], []

    def work(name):
        def run():
            order.append(name)
            running.append(name)
            most.append(len(running))
            time.sleep(0.01)
            running.remove(name)
            yield name

        return run

    with ThreadPoolExecutor(12) as pool:
        blockers = [start(pool, turns, f"first {number}", gate.work) for number in range(2)]
        for _ in blockers:
            assert gate.started.acquire(timeout=TIMEOUT)
        others = []
        for number in range(8):
            others.append(start(pool, turns, f"{number}", work(number)))
            wait_until(lambda number=number: len(turns._waiting) == number + 1)
        gate.go.set()
        results = [other.result(TIMEOUT)[-1] for other in others]
    assert results == list(range(8))
    # Two start at once, in either order.
    assert all(abs(position - name) <= 1 for position, name in enumerate(order))
    assert max(most) <= 2


def test_who_waits_is_told_the_place(gate, monkeypatch):
    monkeypatch.setattr(turns_module, "_LOOK", 0.01)
    turns = Turns(num_workers=1)
    with ThreadPoolExecutor(2) as pool:
        first = start(pool, turns, "first", gate.work)
        assert gate.started.acquire(timeout=TIMEOUT)
        second, third = turns.run("second", "here", gate.work), turns.run("third", "here", gate.work)
        assert (next(second), next(third)) == (Waiting(1), Waiting(2))
        second.close()
        places = [next(third) for _ in range(3)]
        assert places[-1] == Waiting(1)
        gate.go.set()
        assert first.result(TIMEOUT) == ["done"]
        assert list(third)[-1] == "done"


def test_there_are_not_more_than_so_many_of_one(gate):
    turns = Turns(num_workers=1, max_unfinished=4, max_of_session=1, max_of_address=3)
    with ThreadPoolExecutor(8) as pool:
        asked = [start(pool, turns, "a", gate.work)]
        assert gate.started.acquire(timeout=TIMEOUT)
        with pytest.raises(BusyError, match="your last request"):
            next(turns.run("a", "elsewhere", gate.work))
        for number, name in enumerate("bc", 1):
            asked.append(start(pool, turns, name, gate.work))
            wait_until(lambda number=number: len(turns._waiting) == number)
        with pytest.raises(BusyError, match="from your address"):
            next(turns.run("d", "here", gate.work))
        asked.append(start(pool, turns, "d", gate.work, "elsewhere"))
        wait_until(lambda: len(turns._waiting) == 3)
        with pytest.raises(BusyError, match="too many people"):
            next(turns.run("e", "elsewhere", gate.work))
        gate.go.set()
        assert [request.result(TIMEOUT)[-1] for request in asked] == ["done"] * 4
    assert not turns._unfinished and turns._num_unfinished == 0
    assert list(turns.run("a", "here", lambda: iter([1]))) == [1]


def test_who_leaves_keeps_nobody_waiting(gate):
    turns, made = Turns(num_workers=1), []

    def endless():
        while True:
            made.append(1)
            yield len(made)
            assert gate.go.wait(TIMEOUT)

    leaving = turns.run("leaving", "here", endless)
    assert next(leaving) == 1
    leaving.close()
    gate.go.set()
    assert list(turns.run("staying", "here", lambda: iter("x"))) == ["x"]
    assert len(made) <= 2
    wait_until(lambda: turns._num_unfinished == 0)


def test_an_error_is_for_who_asked_alone():
    turns = Turns(num_workers=1)

    def broken():
        yield 1
        raise OSError("no")

    found = []
    with pytest.raises(OSError, match="no"):
        for item in turns.run("me", "here", broken):
            found.append(item)
    assert found == [1]
    assert list(turns.run("me", "here", lambda: iter("x"))) == ["x"]


def test_what_takes_too_long_is_ended():
    turns = Turns(num_workers=1, max_seconds=0.02)

    def slow():
        while True:
            time.sleep(0.01)
            yield 1

    with pytest.raises(RequestError, match="took longer than"):
        for _ in turns.run("me", "here", slow):
            pass
