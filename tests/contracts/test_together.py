"""The contracts against each other and against what producers have sent before."""

import ast
import json
from itertools import combinations
from pathlib import Path

import pytest

from contracts.decode import decode, subject_of, unknown_fields
from contracts.topics import EVENT_SOURCES, Topic
from tests.contracts.classes import event_classes

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.jsonl"))
"""What producers sent when these contracts were new. New lines come in new files; none changes."""

ALIKE = 0.5
FEW = 3


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_what_was_ever_sent_still_reads(path: Path) -> None:
    """A journal is for ever: an event of the first day must read on the last one."""
    for line in path.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        event = decode(Topic(sample["topic"]), json.dumps(sample["value"]).encode())
        assert unknown_fields(event) == 0, sample
        assert subject_of(event), sample
        read = event.model_dump(mode="json", exclude_unset=True)
        assert read == sample["value"], "a field was lost, or means something else now"


def test_every_event_has_a_sample() -> None:
    """A contract without one can change its meaning unseen."""
    sampled = set()
    for path in SAMPLES:
        for line in path.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            event = decode(Topic(sample["topic"]), json.dumps(sample["value"]).encode())
            sampled.add((Topic(sample["topic"]), type(event)))

    assert {contract for _, contract in sampled} == set(event_classes())
    assert {topic for topic, _ in sampled} == set(EVENT_SOURCES)


def _closed_sets() -> list[tuple[str, frozenset[str]]]:
    """Every `Literal[...]` that is written out in the contracts, with the file it is in."""
    found: list[tuple[str, frozenset[str]]] = []
    for path in sorted((ROOT / "contracts").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"):
                continue
            words = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            values = frozenset(w.value for w in words if isinstance(w, ast.Constant))
            found.append((f"{path.name}:{node.lineno}", frozenset(map(str, values))))
    return found


def _shared(sets: list[tuple[str, frozenset[str]]]) -> list[tuple[str, str, list[str]]]:
    """Pairs of files that seem to write one closed set down twice; within a file one sees it."""
    return [
        (here, there, sorted(one & other))
        for (here, one), (there, other) in combinations(sets, 2)
        if here.partition(":")[0] != there.partition(":")[0]
        and len(one & other) >= FEW
        and len(one & other) > ALIKE * min(len(one), len(other))
    ]


def test_a_closed_set_is_written_down_once() -> None:
    """Two lists that should be one drift apart: a channel known here and refused there."""
    assert len(_closed_sets()) > 20
    assert _shared(_closed_sets()) == []


def test_a_set_that_is_written_twice_is_found() -> None:
    """Control: the search finds a copy that has already drifted by one word."""
    twice = [
        ("a.py:1", frozenset({"app", "sms", "wecom", "branch"})),
        ("b.py:9", frozenset({"app", "sms", "wecom", "email"})),
    ]

    assert _shared(twice) == [("a.py:1", "b.py:9", ["app", "sms", "wecom"])]
