"""`shouwen bench`: measure this machine with this code; nothing is published, nothing is kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from shouwen.bench.report import Benchmark

F = TypeVar("F", bound=Callable[..., Any])


def _json_option(function: F) -> F:
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON object, for programs and for keeping."
    )(function)


@click.group(name="bench")
def command() -> None:
    """Measure what it costs on this machine, with the peers beside it in the same run.

    Numbers are CPU of whole processes unless they say otherwise; a machine that does other work at
    the same time shows in them. docs/performance.md has those of a quiet one.

    \b
    Example:
      shouwen bench features
    """


@command.command()
@click.option(
    "--runs", type=click.IntRange(1, 99), default=5, show_default=True, help="The median counts."
)
@_json_option
def features(*, runs: int, as_json: bool) -> None:
    """Microseconds per event of all features; seconds to the first; other libraries beside.

    \b
    Example:
      shouwen bench features --json
    """
    from shouwen.bench.features_bench import FeaturesBenchmark

    _measure(FeaturesBenchmark(runs=runs), as_json=as_json)


@command.command()
@click.option(
    "--customers",
    type=click.IntRange(100, 100_000_000),
    default=1_000_000,
    show_default=True,
    help="Of the bank; a sample of them is made.",
)
@click.option(
    "--per-stratum",
    type=click.IntRange(1, 1_000),
    default=20,
    show_default=True,
    help="More is slower and surer.",
)
@_json_option
def state(*, customers: int, per_stratum: int, as_json: bool) -> None:
    """Bytes of whole states of a million customers, and of the changelog per event.

    \b
    Example:
      shouwen bench state --customers 1000000
    """
    from shouwen.bench.state_bench import StateBenchmark

    _measure(StateBenchmark(customers=customers, per_stratum=per_stratum), as_json=as_json)


@command.command()
@click.option(
    "--runs", type=click.IntRange(1, 99), default=5, show_default=True, help="The median counts."
)
@_json_option
def models(*, runs: int, as_json: bool) -> None:
    """Microseconds to score and to learn a row; bytes of a snapshot; River's pipeline beside.

    \b
    Example:
      shouwen bench models --json
    """
    from shouwen.bench.models_bench import ModelsBenchmark

    _measure(ModelsBenchmark(runs=runs), as_json=as_json)


def _measure(benchmark: "Benchmark", *, as_json: bool) -> None:
    from rich.console import Console

    from shouwen.bench.report import run, show

    measured = run(benchmark)
    if as_json:
        click.echo(measured.as_json())
    else:
        show(measured, Console())
