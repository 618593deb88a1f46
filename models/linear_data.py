"""The linear learner as data: its checkpoint, and the body of its snapshots."""

from typing import TYPE_CHECKING, Any

from models.canonical import pack
from models.encoding import Encoding
from models.errors import CheckpointError
from models.ftrl import mean_parts
from models.kernels import F64

if TYPE_CHECKING:
    from models.linear import LinearLearner

FORMAT = "linear-ftrl/2"
_PARAMETERS = (
    "alpha", "beta", "l1", "l2", "prior", "warmup", "clip_gradient", "weight_cap", "kept_share",
)  # fmt: skip


def learner_data(learner: "LinearLearner") -> dict[str, Any]:
    """Return what a checkpoint holds of a learner besides its weights and what waits for them."""
    return {
        "format": FORMAT,
        "names": None if learner.names is None else list(learner.names),
        "features": list(learner.features),
        "parameters": {name: float(getattr(learner, name)).hex() for name in _PARAMETERS},
        "refused": learner.refused,
        "shares": learner.encoding is not None,
    }


def check_parameters(learner: "LinearLearner") -> None:
    """Refuse parameters without meaning.

    Raises:
        ValueError: one of them is not in its range.
    """
    given = {name: getattr(learner, name) for name in _PARAMETERS}
    positive = ("alpha", "warmup", "clip_gradient", "weight_cap")
    if (
        all(given[name] > 0 for name in positive)
        and all(given[name] >= 0 for name in ("beta", "l1", "l2"))
        and 0 < given["prior"] < 1
        and 0 < given["kept_share"] <= 1
    ):
        return
    raise ValueError(
        f"LinearLearner needs {', '.join(positive)} > 0, beta, l1, l2 >= 0, prior in (0, 1) and "
        f"kept_share in (0, 1]; got {given}."
    )


def parameters_in(data: dict[str, Any]) -> dict[str, Any]:
    """Return the learner's parameters, as its constructor takes them."""
    found: dict[str, Any] = {name: float.fromhex(text) for name, text in data["parameters"].items()}
    found["warmup"] = int(found["warmup"])
    return found


def encoding_in(data: dict[str, Any], shared: Encoding | None) -> Encoding | None:
    """Return the encoding that a checkpoint was learnt with, or none before its bins were fixed.

    Raises:
        CheckpointError: another format, no encoding where one is needed, or another one.
    """
    if data.get("format") != FORMAT:
        raise CheckpointError(
            f"LinearLearner needs data of format {FORMAT!r}; got {data.get('format')!r}. "
            "Read it with the version that wrote it."
        )
    if "encoding_hash" not in data:
        return None
    found = Encoding.from_data(data["encoding"]) if "encoding" in data else shared
    if found is None or found.encoding_hash != data["encoding_hash"]:
        raise CheckpointError(
            f"LinearLearner needs the encoding {data['encoding_hash']} of its weights; "
            f"got {None if found is None else found.encoding_hash}. Give `from_data` the one "
            "that was written beside it."
        )
    return found


def scoring_body(encoding: Encoding, weights: F64, seen: F64, bias: float) -> dict[str, Any]:
    """Return the body of a snapshot: what scoring and explaining need, as plain data.

    Args:
        encoding: Of the model's own features.
        weights: (F, 32), in log-odds.
        seen: (F, 32), the rows that they rest on.
        bias: In log-odds.
    """
    return {
        "format": FORMAT,
        "features": list(encoding.names),
        "bias": bias.hex(),
        "encoding": encoding.to_data(),
        "weights": [pack(row) for row in weights],
        "reference": pack(mean_parts(seen, weights)),
    }
