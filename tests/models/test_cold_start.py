"""Promise of the first weeks: a model that starts with nothing does not overestimate."""

from models import Learner
from models.open_rows import LIMITS
from tests.models.given import a_bank_stream


def test_predicted_and_observed_agree_from_the_tenth_day_on() -> None:
    """Learnt as they arrive, positives come first: for a month all customers would look certain.

    That artefact (predicted over observed of 11 to 50 in days 10 to 30) would be back at each
    start and after each reset. Learnt as "no" until they come true, they look rare for as long.
    """
    learner = Learner(limits=LIMITS | {"week": 40_000})
    for number, example in enumerate(a_bank_stream(60, rows_per_day=200, rate=0.03, seed=1)):
        learner.apply(example)
        if number % 500 == 499:
            learner.snapshot(learner.clock_ms, examples_offset=number)
    blocks = learner.head("drawn_30d").progress.blocks()

    assert [block.rows for block in blocks] == [2_000] * 6
    ratios = [block.calibration_ratio for block in blocks]
    assert all(ratio is not None and 0.5 <= ratio <= 1.5 for ratio in ratios[1:]), ratios
