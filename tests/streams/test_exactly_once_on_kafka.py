"""Exactly once, on real Kafka, with processes that are killed: nothing lost, nothing twice."""

import random
import signal
from functools import partial
from itertools import pairwise

import pytest

from contracts.topics import Topic
from tests.streams.stand import RoleProcess, Stand, eventually, running
from tests.streams.toy import expected

pytestmark = pytest.mark.kafka


def problems(stand: Stand) -> list[str]:
    """Every way in which journal, outputs and states are not what the sources say they must be."""
    found: list[str] = []
    everything = zip(
        stand.read_all(Topic.TRANSACTIONS),
        stand.journals(),
        stand.said(),
        stand.memories(),
        strict=True,
    )
    for partition, (records, entries, outputs, states) in enumerate(everything):
        sources = [(Topic.TRANSACTIONS, record.offset()) for record in records]
        if [entry.seq for entry in entries] != list(range(len(entries))):
            found.append(f"journal {partition} is not numbered 0, 1, 2…")
        taken = [
            (entry.topic, entry.source_offset)
            for entry in entries
            if entry.topic is Topic.TRANSACTIONS
        ]
        if taken != sources:
            found.append(f"journal {partition} has {len(taken)} of {len(sources)} events")
        if any(late.at_ms < early.at_ms for early, late in pairwise(entries)):
            found.append(f"the clock of journal {partition} goes back")
        said, memory = expected(entries)
        if outputs != said:
            found.append(f"outputs {partition}: {len(outputs)} for {len(said)} expected")
        if states != memory:
            found.append(f"states {partition} are not those of a fold over the journal")
    return found


def settle(stand: Stand, sequence: RoleProcess, decide: RoleProcess) -> None:
    """Wait until all that was sent is decided, then stop both roles cleanly."""
    assert eventually(lambda: stand.events_in_journal() >= stand.sent), sequence.log.read_text()
    assert eventually(lambda: stand.decided() >= stand.sent), decide.log.read_text()
    # A worker that has only just come back has nothing to settle yet: S < X is what a kill leaves.
    assert eventually(decide.is_ready), decide.log.read_text()
    assert sequence.stop() == 0
    # Ticks of the last moment may still be on their way; what matters is that all is folded.
    assert decide.stop() == 0


def test_a_quiet_run_is_whole_and_a_restart_goes_on(stand: Stand) -> None:
    """What holds without any fault, and that a clean stop leaves S = X."""
    sequence, decide = stand.role("sequence"), stand.role("decide")
    with running(sequence, decide):
        stand.pay(400)
        settle(stand, sequence, decide)
        assert problems(stand) == []
        for state in stand.states():
            assert state.mark("states") == state.mark("outputs")

        stand.pay(100)
        sequence.start()
        decide.start()
        settle(stand, sequence, decide)
        assert problems(stand) == []


def test_roles_killed_at_their_commits_neither_lose_nor_repeat(stand: Stand) -> None:
    """The two worst moments: all records are on the broker, and the commit is or is not."""
    sequence, decide = stand.role("sequence"), stand.role("decide")
    stand.pay(200)
    with running(sequence, decide):
        for victim in (sequence, decide):
            victim.kill()
            for where in ("before", "after"):
                victim.start(die={"commits": 2, "where": where})
                assert eventually(partial(fed_until_dead, stand, victim)), victim.log.read_text()
                assert victim.wait() == -signal.SIGKILL
            victim.start()
        settle(stand, sequence, decide)
    assert problems(stand) == []


def fed_until_dead(stand: Stand, victim: RoleProcess) -> bool:
    """Whether the process is dead; if not, give it something more to die of."""
    assert victim.process is not None
    if victim.process.poll() is not None:
        return True
    stand.pay(20)
    return False


def test_kills_at_random_moments_leave_everything_exact(stand: Stand) -> None:
    """Where exactly a process dies must not matter."""
    dice = random.Random(11)
    sequence, decide = stand.role("sequence"), stand.role("decide")
    with running(sequence, decide):
        for victim in (sequence, decide, decide):
            assert eventually(sequence.is_ready)
            assert eventually(decide.is_ready)
            for _ in range(dice.randrange(5, 30)):
                stand.pay(25)
            victim.kill()
            victim.start()
        settle(stand, sequence, decide)
    assert problems(stand) == []


def test_without_transactions_the_same_check_is_red(stand: Stand) -> None:
    """The check can see what it is for: a sink without transactions repeats outputs."""
    sequence = stand.role("sequence")
    decide = stand.role("decide", plain=True)
    stand.pay(100)
    with running(sequence):
        with running(decide):  # a state stands, as it does in any deployment that has begun
            assert eventually(lambda: stand.decided() >= stand.sent), decide.log.read_text()
        stand.pay(200)
        decide.start(die={"records": 30})
        assert decide.wait() == -signal.SIGKILL
        decide.start()
        settle(stand, sequence, decide)
    assert any("outputs" in problem for problem in problems(stand))


def test_a_zombie_cannot_commit(stand: Stand) -> None:
    """A worker that slept through the loss of its partition must not write when it wakes up."""
    sequence = stand.role("sequence")
    zombie = stand.role("decide", worker_id="old")
    heir = stand.role("decide", worker_id="new")
    stand.pay(100)
    with running(sequence):
        zombie.start(die={"commits": 3, "where": "before", "pause_seconds": 12.0})
        assert eventually(zombie.is_ready)
        assert eventually(lambda: fed_until_asleep(stand, zombie))
        zombie.send(signal.SIGSTOP)
        with running(heir):
            assert eventually(heir.is_ready)
            stand.pay(50)
            assert eventually(lambda: stand.decided() >= stand.sent), heir.log.read_text()
            zombie.send(signal.SIGCONT)
            assert zombie.wait() == 70
            assert zombie.said("worker_died")[-1]["error_type"] == "FencedError"
            settle(stand, sequence, heir)
    assert problems(stand) == []


def fed_until_asleep(stand: Stand, zombie: RoleProcess) -> bool:
    stand.pay(20)
    return bool(zombie.said("asleep"))
