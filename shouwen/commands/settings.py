"""`shouwen settings`: what is in effect, and where each value comes from."""

import json

import click

from shouwen.settings import Settings, environment_name


@click.command(name="settings")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(*, as_json: bool) -> None:
    """Show the settings in effect and whence they come; passwords are hidden.

    \b
    Example:
      SHOUWEN_PARTITIONS=12 shouwen settings
    """
    settings, origins = Settings.load_with_origins()
    shown = settings.shown()
    if as_json:
        both = {name: {"value": value, "from": origins[name]} for name, value in shown.items()}
        click.echo(json.dumps(both, ensure_ascii=False))
        return
    for name, value in shown.items():
        said = Settings.model_fields[name].description or ""
        click.echo(f"{environment_name(name)}={'' if value is None else value}")
        click.echo(f"    from {origins[name]}. {said}".rstrip())
