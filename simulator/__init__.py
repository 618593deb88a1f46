"""A small bank that does not exist: customers with needs, habits, loans and defaults."""

from simulator.bank import simulate
from simulator.truth import Truth, truths, write_truths
from simulator.write import write_jsonl

__all__ = ["Truth", "simulate", "truths", "write_jsonl", "write_truths"]
