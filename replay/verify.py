"""Folds a kept journal again and compares every decision with the one that was published."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from adapters.kept import KeptJournal
from adapters.kept_rows import KeptRecord
from contracts.decisions import Decision
from contracts.ids import chain
from contracts.topics import Topic
from engine.outputs import Output
from replay.differences import Difference, differences
from replay.findings import Kind, Mismatch, Stray, Verification
from replay.folding import Engine
from replay.processes import how_many, run_all
from replay.told import Told, unexplained

__all__ = ["Mismatch", "Stray", "Verification", "verify"]

_KINDS: dict[Topic, Kind] = {Topic.DECISIONS: "decision", Topic.CONVERSIONS: "conversion"}
_ID = {"decision": "decision_id", "conversion": "conversion_id"}
_LINKS = {"prev_hash", "hash"}


def verify(
    kept: KeptJournal,
    *,
    engine: Engine,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Fold every partition of a kept journal again and compare.

    Neighbour signals are compared too: what a journal holds, some entry must have caused.

    Args:
        kept: The journal, from its beginning, with what was decided.
        engine: Its functions must be those of a module, so that processes can find them.
        processes: How many at once; as many as there are cores where it pays, else none.
        progress: Is told how many entries were folded since it was told last.

    Raises:
        KeptDamageError: a row of the kept journal is not what was written.
        JournalError: the journal cannot be folded.
    """
    tell = progress or (lambda _: None)
    tasks = [(kept.folder, partition, engine) for partition in kept.partitions]
    entries = kept.rows(Topic.JOURNAL)
    found = Verification(build=engine.build)

    told: list[Told] = []

    def take(part: tuple[Verification, Told]) -> None:
        checked, signals = part
        found.add(checked)
        told.append(signals)
        tell(checked.entries)

    run_all(
        _verify_partition,
        tasks,
        processes=how_many(processes, tasks=len(tasks), entries=entries),
        done=take,
    )
    found.signals_checked, strays = unexplained(told)
    found.extra += [
        Stray(kind="signal", partition=partition, seq=seq, record_id=f"{partition}/{seq}")
        for partition, seq in strays
    ]
    return found


def _verify_partition(task: tuple[Path, int, Engine]) -> tuple[Verification, Told]:
    folder, partition, engine = task
    found = Verification(build=engine.build)
    check = _PartitionCheck(KeptJournal(folder), partition, engine=engine, found=found)
    check.run()
    return found, check.told


class _PartitionCheck:
    """One partition: live and replayed records are drawn side by side and met by their ids."""

    def __init__(
        self, kept: KeptJournal, partition: int, *, engine: Engine, found: Verification
    ) -> None:
        self._kept = kept
        self._partition = partition
        self._engine = engine
        self._found = found
        self.told = Told(partition)
        self._live = {
            "decision": _Published(kept.decisions(partition), kind="decision"),
            "conversion": _Published(kept.conversions(partition), kind="conversion"),
        }
        self._replayed: dict[str, dict[str, bytes]] = {"decision": {}, "conversion": {}}
        self._last_number = {"decision": -1, "conversion": -1}

    def run(self) -> None:
        state = self._engine.state(self._partition)
        entries = self.told.listening(self._kept.entries(self._partition))
        for output in self._engine.outputs(entries, state=state):
            self.told.note(output)
            kind = _KINDS.get(output.topic)
            if kind is not None:
                self._meet(kind, output)
        self._found.entries += state.facts.seq + 1
        for kind in _KINDS.values():
            self._settle(kind)

    def _meet(self, kind: Kind, output: Output) -> None:
        """Take one replayed record, read one published record, and compare what has met.

        Both sides come in the same order, so each usually meets at once; behind a finding they
        are shifted against each other by as many records as were found, and no more wait.
        """
        replayed_id = str(json.loads(output.value)[_ID[kind]])
        self._replayed[kind][replayed_id] = output.value
        published_id = self._live[kind].read_one()
        if published_id is not None and published_id != replayed_id:
            self._compare_if_met(kind, published_id)
        self._compare_if_met(kind, replayed_id)

    def _compare_if_met(self, kind: Kind, record_id: str) -> None:
        waiting = self._live[kind].waiting
        if record_id in waiting and record_id in self._replayed[kind]:
            replayed = self._replayed[kind].pop(record_id)
            self._compare(kind, waiting.pop(record_id), replayed, record_id=record_id)

    def _settle(self, kind: Kind) -> None:
        """Sort out what met nobody."""
        live = self._live[kind]
        while (published_id := live.read_one()) is not None:
            self._compare_if_met(kind, published_id)
        until = self._kept.manifest.decided_until[self._partition]
        for record_id, value in self._replayed[kind].items():
            seq = int(json.loads(value)["seq"])
            if seq > until:
                self._found.undecided += 1
            else:
                self._found.missing.append(self._stray(kind, record_id, seq))
        for record_id, record in live.waiting.items():
            self._found.extra.append(self._stray(kind, record_id, _seq_of(record.value)))
        for record_id, record in live.repeated:
            self._found.repeated.append(self._stray(kind, record_id, _seq_of(record.value)))

    def _compare(self, kind: Kind, record: KeptRecord, replayed: bytes, *, record_id: str) -> None:
        if kind == "decision":
            self._found.decisions_checked += 1
        else:
            self._found.conversions_checked += 1
        seq = int(json.loads(replayed)["seq"])
        difference = self._difference(kind, record.value, replayed)
        agrees = kind == "conversion" or self._is_consistent(record.value)
        if difference is None and record.number < self._last_number[kind]:
            difference = Difference("(order)", str(record.number), "earlier")
        self._last_number[kind] = max(self._last_number[kind], record.number)
        if difference is None and not agrees:
            difference = Difference("digest", "does not cover the record", "covers it")
        if difference is None:
            return
        if difference.field in _LINKS and agrees and self._found.findings() > 0:
            self._found.chained += 1
            return
        self._found.mismatches.append(
            Mismatch(
                kind=kind,
                partition=self._partition,
                seq=seq,
                record_id=record_id,
                field=difference.field,
                live=difference.live,
                replayed=difference.replayed,
                digest_agrees=agrees,
            )
        )

    def _difference(self, kind: Kind, live: bytes, replayed: bytes) -> Difference | None:
        """Return the first field that differs; another build is counted and named apart."""
        if live == replayed:
            return None
        build = _text_in(live, "build") if kind == "decision" else None
        if build is not None and build != self._engine.build:
            self._found.other_builds[build] = self._found.other_builds.get(build, 0) + 1
            theirs, ours = (f'"build":{json.dumps(name)}' for name in (build, self._engine.build))
            live = live.replace(theirs.encode(), ours.encode(), 1)
            if live == replayed:
                return None
        try:
            found = next(differences(json.loads(live), json.loads(replayed)), None)
        except ValueError:
            found = None
        return found or Difference("(bytes)", repr(live[:80]), repr(replayed[:80]))

    def _is_consistent(self, live: bytes) -> bool:
        try:
            decision = Decision.model_validate_json(live)
        except ValidationError:
            return False
        digest = self._engine.digest_of(decision)
        link = chain(decision.prev_hash, digest.encode())
        return digest == decision.digest and link == decision.hash

    def _stray(self, kind: Kind, record_id: str, seq: int) -> Stray:
        return Stray(kind=kind, partition=self._partition, seq=seq, record_id=record_id)


class _Published:
    """The published records of one partition, read only as far as the replay has come."""

    def __init__(self, records: Iterator[KeptRecord], *, kind: Kind) -> None:
        self._records = records
        self._kind = kind
        self._seen: set[str] = set()
        self.waiting: dict[str, KeptRecord] = {}
        self.repeated: list[tuple[str, KeptRecord]] = []

    def read_one(self) -> str | None:
        """Read one further record and return its id, or none at the end."""
        record = next(self._records, None)
        if record is None:
            return None
        record_id = _text_in(record.value, _ID[self._kind]) or f"(record {record.number})"
        if record_id in self._seen:
            self.repeated.append((record_id, record))
        else:
            self._seen.add(record_id)
            self.waiting[record_id] = record
        return record_id


def _text_in(value: bytes, name: str) -> str | None:
    """Return a member of a published record as text; none where the record is not one of ours."""
    try:
        parsed = json.loads(value)
    except ValueError:
        return None
    found = parsed.get(name) if isinstance(parsed, dict) else None
    return None if found is None else str(found)


def _seq_of(value: bytes) -> int:
    """Return the journal number that a published record names, or -1 where it names none."""
    seq = _text_in(value, "seq") or ""
    return int(seq) if seq.isdecimal() else -1
