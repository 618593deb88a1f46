"""A kept journal: what was written is what is read, and damage is found and named."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.kept import MANIFEST, KeptDamageError, KeptError, KeptIncompleteError, KeptJournal
from adapters.kept_writer import KeptWriter
from contracts.topics import Topic
from tests.replay.toy import a_strategy, an_entry, keep

SMALL = [
    an_entry(0, a_strategy(at_least=3)),
    an_entry(1, {"amount": 5}),
    an_entry(2, {"amount": 100}),
]

TINY = [an_entry(0, a_strategy(at_least=3)), an_entry(1, {"amount": 100})]


def damage_in(folder: Path) -> KeptDamageError | None:
    """Open and read everything, as any user of a kept journal does."""
    try:
        KeptJournal(folder).check()
    except KeptDamageError as error:
        return error
    return None


def put(path: Path, place: int, byte: int) -> None:
    """Change one byte of a file where it lies."""
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([byte]))


@pytest.mark.parametrize("flip", [0x01, 0xFF], ids=["low bit", "all bits"])
def test_one_flipped_byte_is_found_at_every_place_of_every_file(tmp_path: Path, flip: int) -> None:
    """An auditor trusts each byte: also line ends, checksums, the manifest, the last byte."""
    folder = keep(tmp_path / "kept", TINY)
    for path in sorted(folder.iterdir()):
        written = path.read_bytes()
        line = 1
        for place, byte in enumerate(written):
            put(path, place, byte ^ flip)
            found = damage_in(folder)
            put(path, place, byte)
            assert found is not None, f"{path.name} byte {place}"
            assert found.file == path.name
            assert found.line == line, f"{path.name} byte {place}"
            line += byte == ord("\n")
    assert damage_in(folder) is None


def test_a_byte_turned_into_a_line_end_is_found(tmp_path: Path) -> None:
    """Splitting a line must not make two good ones."""
    folder = keep(tmp_path / "kept", SMALL)
    path = folder / "journal-0.jsonl"
    written = path.read_bytes()
    for place, byte in enumerate(written):
        put(path, place, ord("\n"))
        assert byte == ord("\n") or damage_in(folder) is not None
        put(path, place, byte)


@pytest.mark.parametrize("name", ["journal-0.jsonl", "decisions-0.jsonl"])
def test_a_whole_line_cannot_go_come_twice_or_change_places(tmp_path: Path, name: str) -> None:
    """Each line is sound by itself; only their order and number say that one was taken out."""
    folder = keep(tmp_path / "kept", SMALL)
    path = folder / name
    written = path.read_bytes()
    lines = written.splitlines(keepends=True)
    for changed in (lines[:-1], lines[1:], [*lines, lines[-1]], lines[::-1], []):
        path.write_bytes(b"".join(changed))
        found = damage_in(folder)
        assert found is not None
        assert found.file == name


def test_a_line_of_another_partition_does_not_pass(tmp_path: Path) -> None:
    """A row is at home in one file: swapping two files of the same shape is damage."""
    entries = [an_entry(0, {"amount": 5}), an_entry(0, {"amount": 6}, partition=1)]
    folder = keep(tmp_path / "kept", entries)
    shutil.copy(folder / "journal-1.jsonl", folder / "journal-0.jsonl")

    found = damage_in(folder)

    assert found is not None
    assert (found.file, found.line) == ("journal-0.jsonl", 1)


def test_a_file_rewritten_with_good_checksums_is_not_the_one_listed(tmp_path: Path) -> None:
    """A checksum can be computed by anyone; the manifest's SHA-256 ties the files together."""
    folder = keep(tmp_path / "kept", SMALL)
    other = keep(tmp_path / "other", [SMALL[0], an_entry(1, {"amount": 6}), SMALL[2]])
    shutil.copy(other / "journal-0.jsonl", folder / "journal-0.jsonl")

    found = damage_in(folder)

    assert found is not None
    assert "not the one listed" in found.why


def test_entries_come_back_as_they_were_and_values_are_the_original_text(tmp_path: Path) -> None:
    """Any tool must be able to read what the bank sent, spaces, escapes and Chinese included."""
    text = '{ "note":\t"首问 \\u9996 \\n", "amount": 1e0 }\n'
    entry = replace(an_entry(0, {}), value=text.encode(), appended_ms=7, source_offset=41)
    with KeptWriter(tmp_path / "kept", partitions=[0]) as kept:
        kept.add_entries([entry])

    row = json.loads((tmp_path / "kept" / "journal-0.jsonl").read_text())

    assert row["value"] == text
    assert list(KeptJournal(tmp_path / "kept").entries(0)) == [entry]


def test_a_run_that_broke_leaves_no_journal_that_looks_whole(tmp_path: Path) -> None:
    """Half a journal would verify as a journal with fewer decisions."""
    gap = [*SMALL, an_entry(7, {"amount": 1})]
    with (
        pytest.raises(KeptError, match="needs entry 3 next; got 7"),
        KeptWriter(tmp_path / "kept", partitions=[0]) as kept,
    ):
        kept.add_entries(gap)

    assert not (tmp_path / "kept" / MANIFEST).exists()
    with pytest.raises(KeptIncompleteError, match="not finished"):
        KeptJournal(tmp_path / "kept")


def test_a_file_that_the_manifest_lists_must_be_there(tmp_path: Path) -> None:
    """A lost file is named before anything is folded."""
    folder = keep(tmp_path / "kept", SMALL)
    (folder / "conversions-0.jsonl").unlink()

    with pytest.raises(KeptIncompleteError, match=r"conversions-0\.jsonl"):
        KeptJournal(folder)


def test_a_kept_journal_is_never_written_over(tmp_path: Path) -> None:
    """It is evidence."""
    folder = keep(tmp_path / "kept", SMALL)

    with pytest.raises(KeptError, match="holds one already"):
        KeptWriter(folder, partitions=[0])


def test_a_clock_that_goes_back_is_damage(tmp_path: Path) -> None:
    """Nothing that was written by a worker does that, whatever the checksums say."""
    late = [an_entry(0, {"amount": 1}, at_ms=9), an_entry(1, {"amount": 1}, at_ms=8)]
    with KeptWriter(tmp_path / "kept", partitions=[0]) as kept:
        kept.add_entries(late)

    found = damage_in(tmp_path / "kept")

    assert found is not None
    assert (found.line, found.why) == (2, "the clock goes back from 9 to 8")


def test_the_manifest_counts_rows(tmp_path: Path) -> None:
    """A report says how much it covers without reading everything first."""
    kept = KeptJournal(keep(tmp_path / "kept", SMALL))

    assert kept.rows(Topic.JOURNAL) == 3
    assert kept.rows(Topic.DECISIONS) == 2
    assert kept.rows(Topic.CONVERSIONS) == 1
