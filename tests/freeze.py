"""The golden files: what is generated, from what, and the command that writes it again.

`make freeze` runs this. A test compares each file with its source, so that a change of a format is
seen in review as a change of a file, in a commit of its own.
"""

from collections.abc import Callable
from pathlib import Path

from adapters.topics_admin import manifest_yaml
from deploy.grafana.board import board_json

ROOT = Path(__file__).resolve().parents[1]

GOLDEN: dict[str, Callable[[], str]] = {
    "deploy/topics.yaml": manifest_yaml,
    "deploy/grafana/boards/shouwen.json": board_json,
}
"""Path from the project's root: the function that says what the file must hold."""


def freeze() -> list[str]:
    """Write every golden file that differs; return their paths."""
    written = []
    for path, source in GOLDEN.items():
        file, text = ROOT / path, source()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for path in freeze():
        print(f"wrote {path}")
