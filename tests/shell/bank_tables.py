"""A bank of three customers as tables in a folder, and a mapping of them: a test changes a part."""

import copy
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # nor does this
import yaml

ACCOUNTS = "account,customer,role\nA1,1,OWNER\nA2,2,OWNER\nA2,3,OWNER\nA2,9,USER\n"
POSTINGS: dict[str, list[Any]] = {
    "id": ["p1", "p2", "p3"],
    "account": ["A1", "A1", "A2"],
    "booked": ["2024-03-01 09:30:00", "2024-03-02 10:00:00", "2024-03-03 11:00:00"],
    "amount": ["5000.00", "-12.50", "-700.00"],
    "code": ["SAL", "", "RENT"],
}
CONSENTS = "customer,purpose,status,day\n1,marketing_sms,Y,20240101\n2,marketing_sms,N,20240101\n"
RELATIONS = "a,b,kind,since\n1,E7,legal_rep,1704067200\n"
LOANS = "loan,customer,drawn_on,amount,rest\nL1,1,2023-06-01,100000.00,60000.00\n"

MAPPING: dict[str, Any] = {
    "version": 1,
    "timezone": "Asia/Shanghai",
    "accounts": {
        "file": "accounts.csv",
        "account": "account",
        "customer": {"column": "customer", "prefix": "c-"},
        "role": "role",
        "owners": ["OWNER"],
    },
    "tables": [
        {
            "name": "consents",
            "file": "consents.csv",
            "event": "consent_granted",
            "key": ["customer", "purpose"],
            "where": {"status": ["Y"]},
            "fields": {
                "customer_id": {"column": "customer", "prefix": "c-"},
                "occurred_at_ms": {"time": "day", "format": "%Y%m%d"},
                "effective_at_ms": {"time": "day", "format": "%Y%m%d"},
                "purpose": {"column": "purpose"},
                "evidence_id": {"hash_of": ["customer", "purpose"]},
            },
        },
        {
            "name": "relations",
            "file": "relations.csv",
            "event": "relation_stated",
            "key": ["a", "b", "kind"],
            "fields": {
                "occurred_at_ms": {"time": "since", "unit": "s"},
                "valid_from_ms": {"time": "since", "unit": "s"},
                "node_id": {"column": "a", "prefix": "c-"},
                "other_node_id": {"column": "b", "prefix": "ent-"},
                "edge_kind": {"column": "kind"},
                "direction": {"value": "out"},
                "node_kind": {"value": "customer"},
                "other_node_kind": {"value": "enterprise"},
                "confidence_bps": {"value": 9500},
                "evidence_source": {"value": "register"},
                "permitted_use": {"value": ["marketing", "credit"]},
            },
        },
        {
            "name": "loans",
            "file": "loans.csv",
            "event": "loan_disbursement",
            "key": ["loan"],
            "fields": {
                "occurred_at_ms": {"time": "drawn_on", "at": "12:00"},
                "customer_id": {"column": "customer", "prefix": "c-"},
                "loan_stage": {"value": "disbursement"},
                "stage_status": {"value": "passed"},
                "application_id": {"column": "loan", "prefix": "app-"},
                "loan_id": {"column": "loan"},
                "drawn_minor": {"money": "amount", "unit": "major"},
                "outstanding_minor": {"money": "rest", "unit": "major"},
            },
        },
        {
            "name": "postings",
            "file": "postings.parquet",
            "event": "transaction_posted",
            "key": ["id"],
            "fields": {
                "occurred_at_ms": {"time": "booked"},
                "customer_id": {"owner_of": "account"},
                "txn_id": {"column": "id"},
                "account_id_hash": {"column": "account"},
                "direction": {"sign_of": "amount"},
                "amount_minor": {"money": "amount", "unit": "major", "unsigned": True},
                "currency": {"value": "CNY"},
                "purpose_class": {"codes": "code", "map": {"SAL": "salary", "": "other"}},
            },
        },
    ],
}


def a_mapping() -> dict[str, Any]:
    """Return the mapping, to be changed."""
    return copy.deepcopy(MAPPING)


def write_bank(folder: Path, **columns: list[Any]) -> Path:
    """Write the tables; `columns` replaces columns of the postings. Returns the folder."""
    for name, text in (
        ("accounts", ACCOUNTS),
        ("consents", CONSENTS),
        ("relations", RELATIONS),
        ("loans", LOANS),
    ):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    pq.write_table(pa.table(POSTINGS | columns), folder / "postings.parquet")
    return folder


def write_mapping(folder: Path, mapping: dict[str, Any] | None = None) -> Path:
    """Write a mapping, this one where none is given; return the file."""
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(a_mapping() if mapping is None else mapping), encoding="utf-8")
    return path
