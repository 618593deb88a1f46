"""What a replay found: what was compared, and every record that it does not confirm."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["decision", "conversion", "signal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A record that the replay does not confirm: the first field that differs, and both values.

    `digest_agrees` says whether the published record is consistent with its own digest and hash:
    where it is not, the record was changed after it was decided.
    """

    kind: Kind
    partition: int
    seq: int
    record_id: str
    field: str
    live: str
    replayed: str
    digest_agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A record that only one side has: where it belongs."""

    kind: Kind
    partition: int
    seq: int
    record_id: str


@dataclass(slots=True, kw_only=True)
class Verification:
    """What a replay found.

    `signals_checked` are the neighbour signals in the journals, all partitions together: one that
    no entry caused is `extra`.

    `missing` are records that the replay makes and nobody published, `extra` those that were
    published and the replay does not make, `repeated` those that were published twice.
    `chained` counts decisions that differ in nothing but their links, behind another finding of
    their partition. `undecided` counts what the replay makes beyond the point up to which the
    record is complete. `other_builds` counts decisions by a build other than `build`.
    """

    build: str
    entries: int = 0
    decisions_checked: int = 0
    conversions_checked: int = 0
    signals_checked: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    missing: list[Stray] = field(default_factory=list)
    extra: list[Stray] = field(default_factory=list)
    repeated: list[Stray] = field(default_factory=list)
    chained: int = 0
    undecided: int = 0
    other_builds: dict[str, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether every published record was made again to the last bit, and no other one."""
        return not (self.mismatches or self.missing or self.extra or self.repeated)

    def findings(self) -> int:
        """Return how many records are not confirmed."""
        return len(self.mismatches) + len(self.missing) + len(self.extra) + len(self.repeated)

    def add(self, part: "Verification") -> None:
        """Take in what was found in one more partition."""
        for name in ("entries", "decisions_checked", "conversions_checked", "chained", "undecided"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.mismatches += part.mismatches
        self.missing += part.missing
        self.extra += part.extra
        self.repeated += part.repeated
        for build, number in part.other_builds.items():
            self.other_builds[build] = self.other_builds.get(build, 0) + number

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {"exact": self.exact, **asdict(self)}
