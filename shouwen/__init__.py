"""The command line, the settings, and the one place that wires the rooms together."""
