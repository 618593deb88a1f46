"""The JSONL reader: good lines in order, poison untouched, and nothing lost."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.recorded import RecordedSourceError, open_source
from adapters.recorded.jsonl import JsonlSource
from adapters.recorded.slices import top_level_slices


def a_line(value: str = '{"a":1}', *, known_at_ms: object = 5, topic: str = "consents.v1") -> bytes:
    text = f'{{"topic":"{topic}","key":"c-1","known_at_ms":{known_at_ms},"value":{value}}}\n'
    return text.encode()


def a_source(tmp_path: Path, *lines: bytes) -> JsonlSource:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(lines))
    return JsonlSource(path)


POISON = {
    "not a number": '{"amount_minor": NaN}',
    "ten thousand brackets": "[" * 10_000 + "]" * 10_000,
    "a wrong type": '{"event_id": 7 ,  "x":[ ]}',
    "a lone surrogate": '{"event_id": "\\ud800"}',
    "a bare word": "hello",
    "a bracket that is not closed by its own kind": '{"a": [1}}',
    "a number of five hundred digits": "9" * 500,
    "null": "null",
}


@pytest.mark.parametrize("value", POISON.values(), ids=POISON.keys())
def test_a_bad_value_is_published_with_the_bytes_of_the_file(tmp_path: Path, value: str) -> None:
    """The front door must see exactly what the producer sent, or it cannot dead-letter it."""
    source = a_source(tmp_path, a_line(), a_line(value), a_line())

    assert [line.raw_value for line in source.lines()] == [b'{"a":1}', value.encode(), b'{"a":1}']
    assert source.unreadable() == ()


def test_a_line_cut_in_its_value_is_published_as_far_as_it_goes(tmp_path: Path) -> None:
    """A producer that died while it wrote has left evidence; it belongs in the dead letters."""
    source = a_source(tmp_path, a_line()[:-4] + b"\n")

    assert [line.raw_value for line in source.lines()] == [b'{"a":']


def test_bytes_that_are_no_text_pass_through_base64(tmp_path: Path) -> None:
    """JSON cannot hold every byte; the front door must be tried with every byte all the same."""
    raw = bytes(range(256))
    line = {
        "topic": "transactions.v1",
        "key": None,
        "known_at_ms": 1,
        "partition": 3,
        "value_base64": base64.b64encode(raw).decode(),
    }
    no_value = line | {"value_base64": None, "known_at_ms": 2}
    source = a_source(tmp_path, *(json.dumps(each).encode() + b"\n" for each in (line, no_value)))

    first, second = source.lines()

    assert (first.raw_value, first.partition, first.key) == (raw, 3, None)
    assert second.raw_value is None


UNREADABLE = {
    "not JSON": b"hello\n",
    "another topic": a_line(topic="decisions.v1"),
    "control, which is ours to write": a_line(topic="control.v1"),
    "a time that is text": a_line(known_at_ms='"noon"'),
    "a time before 1970": a_line(known_at_ms=-1),
    "a truth for a time": a_line(known_at_ms="true"),
    "no value": b'{"topic":"consents.v1","key":"c-1","known_at_ms":5}\n',
    "a key that is a number": a_line().replace(b'"c-1"', b"1"),
    "a key that has no UTF-8": a_line().replace(b'"c-1"', b'"\\ud800"'),
    "something behind the object": a_line()[:-1] + b" and more\n",
    "bad base64": a_line().replace(b'"value":{"a":1}', b'"value_base64":"*"'),
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_line_without_a_place_is_counted_with_its_number(tmp_path: Path, raw: bytes) -> None:
    """It cannot be published anywhere, but somebody must be able to find it."""
    source = a_source(tmp_path, a_line(), raw, a_line())

    assert source.count() == len(list(source.lines())) == 2
    [lost] = source.unreadable()
    assert (lost.where, lost.raw) == ("events.jsonl:2", raw)
    assert lost.why


@given(times=st.lists(st.integers(0, 9), max_size=30))
def test_lines_come_in_the_order_in_which_they_were_known(
    tmp_path_factory: pytest.TempPathFactory, times: list[int]
) -> None:
    """A recorded run has one order, whatever the order of the file; ties keep the file's."""
    lines = [a_line(str(n), known_at_ms=at_ms) for n, at_ms in enumerate(times)]
    source = a_source(tmp_path_factory.mktemp("order"), b"\n", *lines)

    read = [(line.known_at_ms, int(line.raw_value or b"")) for line in source.lines()]

    assert read == sorted((at_ms, n) for n, at_ms in enumerate(times))
    assert source.count() == len(times)


def test_a_file_from_windows_reads_the_same(tmp_path: Path) -> None:
    """A byte order mark and carriage returns are an editor's habit, not part of the events."""
    plain = a_line()
    source = a_source(tmp_path, b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"), plain)

    assert len({line.raw_value for line in source.lines()}) == 1
    assert source.count() == 2


def test_a_file_that_changes_under_the_reader_stops_the_run(tmp_path: Path) -> None:
    """A record that was counted and cannot be found again would be lost in silence."""
    source = a_source(tmp_path, a_line(), a_line())
    source.count()
    (tmp_path / "events.jsonl").write_bytes(b"x" * 400)

    with pytest.raises(RecordedSourceError, match="changed while it was read"):
        list(source.lines())


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_slices_of_valid_json_are_its_members(members: dict[str, object]) -> None:
    """The tolerant lexer must agree with the parser wherever the parser has an opinion."""
    slices, rest = top_level_slices(json.dumps(members).encode())

    read = {json.loads(b'"' + name + b'"'): json.loads(raw) for name, raw in slices.items()}
    assert (read, rest) == (json.loads(json.dumps(members)), b"}")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The path is the most common mistake."""
    with pytest.raises(RecordedSourceError, match="Pass the path of a file"):
        open_source("jsonl", tmp_path / "nothing.jsonl")
