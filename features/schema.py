"""One hash over the names and definitions of every feature: rows of one hash mean the same."""

import hashlib
import json
from dataclasses import asdict
from typing import Final

from features.catalogue_relations import RELATED
from features.plan import PLAN
from features.relation_definitions import RelationFeature


def _described(feature: RelationFeature) -> dict[str, object]:
    fields = {"type": type(feature).__name__, **asdict(feature)}
    del fields["why"]
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in fields.items()
    }


SCHEMA_HASH: Final = hashlib.sha256(
    json.dumps([PLAN.schema_hash, [_described(each) for each in RELATED]], sort_keys=True).encode()
).hexdigest()[:16]
"""16 hex digits; a `why` is no part of a meaning."""
