"""The command `shouwen`: which commands there are, and what a person reads when one fails.

A command is a file in `shouwen/commands/` with a `command: click.Command`, and a line in `COMMANDS`
here. It is imported when it runs, so that `shouwen --help` does not wait for Kafka, numba or Faust.
"""

from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from shouwen.errors import is_for_people, the_disk_refuses

COMMANDS: dict[str, tuple[str, str]] = {
    "backtest": ("shouwen.commands.backtest", "Try strategies over a recorded journal."),
    "bench": ("shouwen.commands.bench", "Measure what it costs, beside other libraries."),
    "bootstrap": (
        "shouwen.commands.bootstrap",
        "Load a bank's history before going live, decisions off.",
    ),
    "decisions": ("shouwen.commands.decisions", "Let a deployment decide, or only listen."),
    "demo": ("shouwen.commands.demo", "Watch a simulated bank decide, on a real Kafka."),
    "features": ("shouwen.commands.features", "What features are, and what they were, and when."),
    "ingest": ("shouwen.commands.ingest", "Publish recorded events to a deployment."),
    "kafka": ("shouwen.commands.kafka", "Run a real Apache Kafka of your own on this machine."),
    "models": ("shouwen.commands.models", "See how the models do; order which of them serves."),
    "quality": ("shouwen.commands.quality", "How good the models are, beside others."),
    "replay": ("shouwen.commands.replay", "Fold a journal again and compare every decision."),
    "settings": ("shouwen.commands.settings", "Show the settings in effect and whence they come."),
    "simulate": (
        "shouwen.commands.simulate",
        "Write the events of a simulated bank to a file.",
    ),
    "strategy": ("shouwen.commands.strategy", "Check, activate or pause a strategy."),
    "topics": ("shouwen.commands.topics", "Plan, create or check the topics."),
    "try": ("shouwen.commands.try_", "Run everything on your own records, verified by replay."),
    "worker": ("shouwen.commands.worker", "Run the roles of the pipeline, supervised."),
    "why": ("shouwen.commands.why", "Explain one decision: everything that it rests on."),
}
"""Name on the command line: the module that has it, and its line in `shouwen --help`."""


class LazyCommands(click.Group):
    """A group that imports a command when it is asked for, not when it is listed."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, for the help page."""
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command = import_module(module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module} needs `command: click.Command`; got {command!r}.")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their one-line helps, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    @override
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn an error meant for people into one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = str(error) if is_for_people(error) else the_disk_refuses(error)
            if told is None:
                raise
            raise click.ClickException(told) from error


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shouwen")
def main() -> None:
    """Real-time decisions for retail credit: the moment, the risk screen, the action.

    Settings come from SHOUWEN_... variables or the TOML file named by SHOUWEN_CONFIG; `shouwen
    settings` shows them. Exit codes: 0 done, 1 failed, 2 used wrongly.
    """
