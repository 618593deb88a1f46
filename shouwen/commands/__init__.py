"""One file per command; each has a `command: click.Command`, listed by name in `shouwen.cli`."""
