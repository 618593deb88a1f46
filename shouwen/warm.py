"""Compile the kernels once, so that no worker does it while customers wait.

A process that finds them compiled loads them in a fraction of a second; four that start on an empty
cache would each compile for ten.
"""

import numpy as np


def warm_kernels() -> None:
    """Run every compiled path once on nothing much; the results are kept on disk.

    >>> warm_kernels()
    """
    from features import EMPTY, LogEvent, read, update_and_read, update_and_read_many
    from features.kinds import CODES
    from models import DRAWN_30D, ROW, LinearLearner, LinearScorer

    posting = LogEvent(0, CODES["salary"], 0, 100, 1, 0, 0, 0, 0)
    log, _ = update_and_read(EMPTY, [posting], 0)
    update_and_read_many([EMPTY], [(0, [posting], 0)])
    read(log, 1)
    learner = LinearLearner(ROW.names, prior=DRAWN_30D.prior, warmup=1)
    row = np.zeros(len(ROW.names), dtype=np.float32)
    probability = learner.learn_row(row, y=False)
    learner.undo_row(row, y=False, probability=probability)
    learner.learn_row(row, y=True)
    learner.score_row(row)
    learner.contributions(row)
    LinearScorer("drawn_30d", "drawn_30d:warm", learner.scoring_data()).score(row)


if __name__ == "__main__":
    warm_kernels()
