"""Work in a process of its own: heartbeats go on, errors come back typed, nothing hangs or is left behind."""

import subprocess
import time
from itertools import pairwise

import eventlet
import psutil
import pytest

from services.chassis.errors import Invalid, Unavailable
from services.chassis.offload import MOST_AT_ONCE, offload, offloaded
from tests.unit.chassis.offloaded_work import burn

HERE = "tests.unit.chassis.offloaded_work"


def test_the_result_comes_back() -> None:
    assert offload(f"{HERE}:double", [1, 2, 3]) == [2, 4, 6]


def test_native_code_that_aborts_for_want_of_memory_asked_for_too_much() -> None:
    with pytest.raises(Invalid, match=r"offload\.too_large"):
        offload(f"{HERE}:abort", None)


def test_heartbeats_go_on_while_it_works() -> None:
    beats: list[float] = []

    def beat() -> None:
        while True:
            beats.append(time.monotonic())
            eventlet.sleep(0.05)

    heart = eventlet.spawn(beat)
    offload(f"{HERE}:burn", 2.0)
    heart.kill()
    pauses = [later - earlier for earlier, later in pairwise(beats)]
    assert len(beats) >= 8
    assert max(pauses) < 1.0


def test_in_the_same_process_heartbeats_would_stop() -> None:
    beats: list[float] = []

    def beat() -> None:
        while True:
            beats.append(time.monotonic())
            eventlet.sleep(0.05)

    heart = eventlet.spawn(beat)
    eventlet.sleep(0)
    burn(0.7)
    eventlet.sleep(0)
    heart.kill()
    assert len(beats) <= 2


def test_a_refusal_comes_back_as_it_was() -> None:
    with pytest.raises(Invalid, match=r"roster\.no_sheet") as refused:
        offload(f"{HERE}:refuse", {"sheet": "人员"})
    assert refused.value.params == {"sheet": "人员"}
    assert refused.value.fields == {"file": ["x"]}


def test_a_surprise_comes_back_without_its_text() -> None:
    with pytest.raises(RuntimeError, match="ValueError") as failed:
        offload(f"{HERE}:fail", None)
    assert "138" not in str(failed.value)


def test_a_worker_that_dies_is_noticed() -> None:
    with pytest.raises(Unavailable, match=r"offload\.died"):
        offload(f"{HERE}:die", None)


def test_a_file_that_unpacks_beyond_measure_is_refused() -> None:
    with pytest.raises(Invalid, match=r"offload\.too_large"):
        offload(f"{HERE}:swell", None)


def test_work_that_takes_too_long_is_ended_and_leaves_no_process() -> None:
    with pytest.raises(Unavailable, match=r"offload\.timeout"):
        offload(f"{HERE}:burn", 60, timeout=1.5)
    left = [child for child in psutil.Process().children() if "services.chassis.offload" in _line(child)]
    assert left == []


def test_who_finds_no_free_worker_in_time_is_told_so() -> None:
    busy = [eventlet.spawn(offload, f"{HERE}:burn", 30.0) for _ in range(MOST_AT_ONCE)]
    eventlet.sleep(0)
    with pytest.raises(Unavailable, match=r"offload\.busy"):
        offload(f"{HERE}:double", [1], timeout=0.3)
    for each in busy:
        each.kill()


def test_whoever_waits_for_a_free_worker_may_say_so_or_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.offload.WAITING_SECONDS", 0.05)
    busy = [eventlet.spawn(offload, f"{HERE}:burn", 30.0) for _ in range(MOST_AT_ONCE)]
    eventlet.sleep(0)
    asked: list[None] = []

    def waiting() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise Unavailable("jobs.lost")

    with (
        pytest.raises(Unavailable, match=r"jobs\.lost"),
        offloaded(f"{HERE}:double", timeout=20.0, waiting=waiting),
    ):
        pytest.fail("there was no room")
    for each in busy:
        each.kill()
    assert offload(f"{HERE}:double", [1], timeout=20.0) == [2]


def test_what_was_fed_piece_by_piece_comes_back_in_chunks() -> None:
    with offloaded(f"{HERE}:joined", timeout=30) as work:
        for piece in ("支部\n", "党员"):
            work.feed(piece)
        chunks = list(work.answer())
    assert b"".join(chunks) == "支部\n党员".encode() + b"!" * 600_000
    assert len(chunks) > 1


def fed(function: str, pieces: int, seconds: float = 30.0, pause: float = 0.0) -> list[bytes]:
    with offloaded(f"{HERE}:{function}", timeout=seconds) as work:
        for _ in range(pieces):
            work.feed("x" * 1_000)
        eventlet.sleep(pause)
        return list(work.answer())


def test_whoever_is_fed_may_refuse_at_any_time() -> None:
    with pytest.raises(Invalid, match=r"roster\.no_sheet") as refused:
        fed("refuse_the_first", 2_000)
    assert len(refused.value.params["sheet"]) == 1_000


def test_whoever_is_fed_and_does_not_answer_is_noticed() -> None:
    with pytest.raises(Unavailable, match=r"offload\.died"):
        fed("die_at_the_end", 1)
    with pytest.raises(Unavailable, match=r"offload\.timeout"):
        fed("joined", 1, seconds=1.0, pause=30.0)
    left = [child for child in psutil.Process().children() if "services.chassis.offload" in _line(child)]
    assert left == []


def _line(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except (psutil.Error, subprocess.SubprocessError):
        return ""
