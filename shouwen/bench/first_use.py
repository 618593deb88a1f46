"""What a process does before its first features are there: import, load or compile, run once.

Run by the benchmark in processes of its own: `python -m shouwen.bench.first_use`.
"""

from features import EMPTY, LogEvent, read, update_and_read, update_and_read_many
from features.kinds import CODES


def main() -> None:
    """Take one posting in on every path that a worker takes.

    >>> main()
    """
    posting = LogEvent(0, CODES["salary"], 0, 100, 1, 0, 0, 0, 0)
    log, _ = update_and_read(EMPTY, [posting], 0)
    update_and_read_many([EMPTY], [(0, [posting], 0)])
    read(log, 1)


if __name__ == "__main__":
    main()
