"""The data sets by name, and the models that are measured on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.river_challenger import RiverChallenger
from models.river_tree import RiverTree
from shouwen.errors import ShouwenError
from shouwen.quality.bank import bank
from shouwen.quality.berka_conversion import berka_conversion
from shouwen.quality.berka_loans import berka_loans
from shouwen.quality.card import card
from shouwen.quality.judged import Judged, judged
from shouwen.quality.lightgbm_peer import lightgbm
from shouwen.quality.plain_logistic import plain_logistic
from shouwen.quality.progressive import (
    online_scores,
    our_scores,
    refitted_scores,
    waiting_scores,
)
from shouwen.quality.simulated import simulated
from shouwen.quality.stream import Stream
from shouwen.quality.superlender import superlender


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """How its stream is made, and what it needs below the folder of records, if anything."""

    stream: Callable[[Path], Stream]
    needs: str | None
    takes: str


def _simulated(_folder: Path) -> Stream:
    return simulated()


SETS: Mapping[str, DataSet] = MappingProxyType({
    "bank": DataSet(stream=bank, needs="uci", takes="half a minute"),
    "uci": DataSet(stream=card, needs="uci", takes="half a minute"),
    "superlender": DataSet(stream=superlender, needs="superlender", takes="half a minute"),
    "berka-conversion": DataSet(stream=berka_conversion, needs="berka", takes="a minute"),
    "berka-loans": DataSet(stream=berka_loans, needs="berka", takes="seconds"),
    "simulated-drift": DataSet(stream=_simulated, needs=None, takes="minutes"),
})  # fmt: skip
"""In the order in which they are run."""

UPLIFT = "simulated-uplift"
"""What a contact changes; it has no peers to stand beside, and another measure."""


def chosen(only: str | None) -> tuple[str, ...]:
    """Return the sets that were asked for, in their order.

    Raises:
        ShouwenError: there is no such set.

    >>> chosen("uci,bank")
    ('bank', 'uci')
    """
    if only is None:
        return (*SETS, UPLIFT)
    wanted = {name.strip() for name in only.split(",")}
    if unknown := sorted(wanted - {*SETS, UPLIFT}):
        raise ShouwenError(
            f"shouwen quality knows the sets {', '.join((*SETS, UPLIFT))}; "
            f"got {', '.join(unknown)}. Name them with commas between."
        )
    return tuple(name for name in (*SETS, UPLIFT) if name in wanted)


def require_records(names: tuple[str, ...], folder: Path) -> None:
    """Say which records are missing, before anything takes long.

    Raises:
        ShouwenError: a folder that a set needs is not there.
    """
    for name in names:
        needs = None if name == UPLIFT else SETS[name].needs
        if needs is not None and not (folder / needs).is_dir():
            raise ShouwenError(
                f"the set {name!r} needs the folder {needs!r} of the public records; "
                f"{str(folder)!r} has none. Pass the folder that holds it, or --only other sets."
            )


def measured(name: str, folder: Path, *, draws: int) -> Judged:
    """Run one set: every model over the same stream."""
    stream = SETS[name].stream(folder)
    return judged(stream, scores_of(stream), draws=draws)


def scores_of(stream: Stream) -> dict[str, NDArray[np.float64]]:
    """Return the scores of ours, then of the models beside it.

    Where labels teach before they are final, ours is also run as `ours_waiting`.
    """
    waits = {"ours_waiting": waiting_scores(stream)} if stream.policy == "fake_negative" else {}
    return {
        "ours": our_scores(stream),
        **waits,
        "lightgbm": refitted_scores(stream, lightgbm),
        "plain_logistic": refitted_scores(stream, plain_logistic),
        "river": online_scores(stream, RiverChallenger(stream.features, prior=stream.prior)),
        "river_tree": online_scores(stream, RiverTree(stream.features, prior=stream.prior)),
    }
