"""The roles on Kafka: sources into the journal, the journal into decisions, labels into models.

The only room that knows Faust. Everything about business is decided elsewhere: what is here reads,
calls the core once per batch, and writes, all in one transaction.
"""

import sys

_ARGV, sys.argv = sys.argv, sys.argv[:1]
# Faust takes "-L" and "--datadir" out of the command line when it is imported, whoever runs.
try:
    import faust as _faust
finally:
    sys.argv = _ARGV

FAUST_VERSION: str = _faust.__version__
