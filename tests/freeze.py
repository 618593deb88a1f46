"""The golden files: what is generated, from what, and the command that writes it again.

`make freeze` runs this. A test compares each file with its source, so that a change of a format is
seen in review as a change of a file, in a commit of its own.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from adapters.topics_admin import manifest_yaml
from deploy.grafana.board import board_json
from features import NAMES
from tests.contracts.schemas import FOLDER, breaks, schemas, text_of
from tests.docs.feature_pages import index_md, page_md
from tests.docs.performance import performance_md
from tests.docs.reference import reference_md

ROOT = Path(__file__).resolve().parents[1]

GOLDEN: dict[str, Callable[[], str]] = {
    "deploy/topics.yaml": manifest_yaml,
    "deploy/grafana/boards/shouwen.json": board_json,
    "docs/performance.md": performance_md,
    "docs/reference.md": reference_md,
    "docs/features/README.md": index_md,
    **{f"docs/features/{name}.md": partial(page_md, name) for name in NAMES},
    **{f"{FOLDER}/{name}.json": partial(text_of, name) for name in schemas()},
}
"""Path from the project's root: the function that says what the file must hold."""


def freeze() -> list[str]:
    """Write every golden file that differs; return their paths.

    A schema is not frozen over one that it breaks: that is a new topic version.
    """
    written = []
    for path, source in GOLDEN.items():
        file, text = ROOT / path, source()
        if path.startswith(FOLDER) and file.exists():
            broken = breaks(json.loads(file.read_text(encoding="utf-8")), json.loads(text))
            if broken:
                raise SystemExit(f"{path} would break its readers:\n" + "\n".join(broken))
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for path in freeze():
        print(f"wrote {path}")
