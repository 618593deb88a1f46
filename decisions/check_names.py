"""What is wrong with the names in a strategy: each must be one that a record can carry."""

from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from contracts.envelope import Code
from decisions.actions import Step
from decisions.strategy import Spec

_CODE: TypeAdapter[str] = TypeAdapter(Code)


def name_problems(spec: Spec) -> Iterator[str]:
    """Yield the names that no decision or message could carry: they would stop a partition."""
    names = {
        "strategy_id": {spec.strategy_id},
        "experiment.id": {spec.experiment.id},
        "arm": set(spec.experiment.arms),
        "forbidden_facts": set(spec.forbidden_facts),
        "content": set(spec.contents),
        "action": {action.id for action in spec.actions},
        "next_step": {via.next_step for action in spec.actions for via in action.via},
        "talk_track": {step.talk_track for step in _steps(spec)},
        "material": {step.material for step in _steps(spec) if step.material is not None},
    }
    for what, found in names.items():
        for name in sorted(found):
            if not _is_code(name):
                yield (
                    f"{what} {name!r} may only have letters, digits and _ . / : -, "
                    "at most 64 of them: it goes into every record."
                )


def _steps(spec: Spec) -> Iterator[Step]:
    for action in spec.actions:
        for via in action.via:
            yield from via.steps


def _is_code(name: str) -> bool:
    try:
        _CODE.validate_python(name)
    except ValidationError:
        return False
    return True
