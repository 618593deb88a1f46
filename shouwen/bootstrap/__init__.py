"""History before the first live event: a bank's tables, a mapping of their columns, and events."""
