"""The same bits on every processor: `python -m tests.models.bits` scores a million rows on each.

A masked processor is this one with its newer instructions hidden, from the C library (glibc reads
`GLIBC_TUNABLES`), from NumPy and from the compiler of the kernels. glibc's own exp and log differ
between them in the last bit; ours must not.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from models import (
    FEATURES_OF,
    RISK_DIRECTIONS,
    ROW,
    Calibration,
    Encoding,
    LinearLearner,
    LinearScorer,
    Panel,
)

ROOT = Path(__file__).resolve().parents[2]
MILLION = 1_000_000
HEADS = ("drawn_30d", "applied_14d", "dpd30_mob3")
LESSONS = 4_000
SNAPSHOTS = 8
CHUNK = 5_000

_NEWER = "-AVX512F,-AVX512VL,-AVX2_Usable,-AVX2,-FMA_Usable,-FMA,-AVX_Fast_Unaligned_Load,-ERMS"
_WITHOUT_AVX512 = "-AVX512F,-AVX512VL,-AVX512CD,-AVX512BW,-AVX512DQ"
PROCESSORS: dict[str, dict[str, str]] = {
    "as it is": {},
    "AVX-512 masked": {
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={_WITHOUT_AVX512}",
        "NUMBA_CPU_NAME": "x86-64-v3",
        "NUMBA_CPU_FEATURES": "",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4",
    },
    "FMA, AVX2 and AVX-512 masked": {
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={_NEWER}",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
    },
}
"""Name: the environment that hides what it says."""


def rows_of(count: int, *, seed: int) -> np.ndarray:
    """Return rows made of integers alone: NumPy's own lognormal asks the C library."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 2_000, (count, len(ROW.names))).astype(np.float32)
    large = (2.0 ** rng.integers(0, 30, small.shape)).astype(np.float32)
    rows = small * large * np.where(rng.integers(0, 5, small.shape) == 0, -1, 1).astype(np.float32)
    rows[rng.integers(0, 10, small.shape) == 0] = np.nan
    return rows.astype(np.float32)


def taught() -> tuple[list[LinearLearner], Calibration, str]:
    """Return heads after some thousand lessons and undone lessons, and a hash of all on the way.

    At each of eight snapshots every head is also resumed from its data, and must end the same.
    """
    rows = rows_of(LESSONS, seed=1)
    labels = (rows[:, 0] > rows[:, 1]) & (np.arange(LESSONS) % 3 > 0)
    encoding = Encoding.fit(ROW.names, rows[:200])
    codes = encoding.encode_many(rows)
    heads = [
        LinearLearner(FEATURES_OF[name], encoding=encoding, kept_share=0.999) for name in HEADS
    ]
    resumed: list[LinearLearner] = []
    calibration, digest = Calibration(), hashlib.sha256(encoding.encoding_hash.encode())
    for i, (bins, z) in enumerate(zip(*codes, strict=True)):
        if i % (LESSONS // SNAPSHOTS) == 0:
            resumed += [LinearLearner.from_data(head.to_data()) for head in heads]
        for place, head in enumerate([*heads, *resumed]):
            said = head.learn_encoded(bins, z, y=False)
            if labels[i]:
                head.undo_encoded(bins, z, y=False, probability=said)
                head.learn_encoded(bins, z, y=True)
            if place == 0:
                calibration.add(said, outcome=bool(labels[i]))
    for place, head in enumerate([*heads, *resumed]):
        data = json.dumps(head.to_data(), sort_keys=True).encode()
        assert data == json.dumps(heads[place % len(heads)].to_data(), sort_keys=True).encode()
        digest.update(data)
    return heads, calibration, digest.hexdigest()


def bits(rows: int) -> str:
    """Return the hash of all weights, and of `rows` scores of each head and some contributions."""
    heads, calibration, weights = taught()
    line = calibration.line()
    assert line is not None
    scorers = []
    for name, head in zip(HEADS, heads, strict=True):
        body = head.scoring_data(RISK_DIRECTIONS) | {"calibration": line.to_data()}
        scorers.append(LinearScorer(name, f"{name}:bits", body))  # type: ignore[arg-type]
    panel, digest = Panel(scorers), hashlib.sha256(weights.encode())
    for start in range(0, rows, CHUNK):
        chunk = rows_of(min(CHUNK, rows - start), seed=2 + start)
        digest.update(panel.score_many(chunk).astype("<f8").tobytes())
        digest.update(np.array([*scorers[0].contributions(chunk[0]).values()], "<f8").tobytes())
    return digest.hexdigest()


def bits_of_the_c_library() -> str:
    """Return a hash of what the C library says of some thousand points, to see a mask work."""
    points = [i * 0.000317 - 30.0 for i in range(200_000)]
    said = [math.exp(x) for x in points] + [math.sin(x) for x in points]
    return hashlib.sha256(np.array(said, dtype="<f8").tobytes()).hexdigest()


def bits_elsewhere(processor: str, *arguments: str) -> str:
    """Return what this module prints in a process that sees only that processor.

    The kernels are compiled for it; the cache on disk holds one version of them per processor.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.bits", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | PROCESSORS[processor],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=MILLION, help="Rows that are scored.")
    parser.add_argument("--here", action="store_true", help="Only in this process, as it is.")
    parser.add_argument(
        "--libm", action="store_true", help="The C library's bits, in this process."
    )
    chosen = parser.parse_args()
    if chosen.libm:
        print(bits_of_the_c_library())
    elif chosen.here:
        print(bits(chosen.rows))
    else:
        found = {
            name: bits_elsewhere(name, "--here", "--rows", str(chosen.rows)) for name in PROCESSORS
        }
        for processor, digest_here in found.items():
            print(f"{digest_here}  {chosen.rows} rows x {len(HEADS)} heads, {processor}")
        sys.exit(len(set(found.values())) > 1)
