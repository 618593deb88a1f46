"""Recorded journals through the same engine: verify, why, backtest, report."""
