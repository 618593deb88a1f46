"""Where a command writes a file: looked at before the work, not after it."""

from pathlib import Path

from shouwen.errors import ShouwenError


def require_folder(path: Path | None, *, option: str) -> None:
    """Refuse a file whose folder does not exist; no file is no mistake.

    Raises:
        ShouwenError: the folder is not there.

    >>> require_folder(Path("no/such/folder/page.html"), option="--html")
    Traceback (most recent call last):
        ...
    shouwen.errors.ShouwenError: --html needs a file in a folder that exists; 'no/such/folder' is
    none.
    """
    if path is not None and not path.parent.is_dir():
        raise ShouwenError(
            f"{option} needs a file in a folder that exists; {str(path.parent)!r} is none."
        )
