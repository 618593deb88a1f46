"""Writes the golden bits of our arithmetic: `python -m tests.models.freeze_bits`."""

import json
from pathlib import Path

import numpy as np

from models import kernels
from tests.models.bits import bits

GOLDEN = Path(__file__).parent / "golden" / "exact_bits.json"
SCORES = GOLDEN.with_name("score_bits.json")
BITS_ROWS = 50_000


def exact_bits() -> dict[str, list[str]]:
    """Return float hex of exp, log, sigmoid and signed_log on fixed points."""
    points = [float(x) for x in np.linspace(-40.0, 40.0, 161)]
    positive = [float(x) for x in 2.0 ** np.linspace(-60.0, 60.0, 161)]
    return {
        "exp": [kernels.exp(x).hex() for x in (*points, -745.0, -708.5, 709.7)],
        "log": [kernels.log(x).hex() for x in (*positive, 5e-324, 1.7e308)],
        "sigmoid": [kernels.sigmoid(x).hex() for x in points],
        "signed_log": [kernels.signed_log(x).hex() for x in (*points, 1e11, -1e11)],
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(exact_bits(), indent=1) + "\n")
    SCORES.write_text(json.dumps({str(BITS_ROWS): bits(BITS_ROWS)}, indent=1) + "\n")
