"""A small bank that does not exist: customers with needs, habits, loans and defaults."""

from simulator.bank import simulate
from simulator.write import write_jsonl

__all__ = ["simulate", "write_jsonl"]
