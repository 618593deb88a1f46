"""What a warehouse would export of the Berka records up to a day: SQL over the bank's own files.

The tables are those of docs/examples/bootstrap-berka.yaml. No code of ours computes a cell.
"""

from pathlib import Path

import duckdb

from tests.acceptance.berka_query import ROWS

_TABLES = {
    "customers.csv": """
        SELECT a.account_id, a.district_id, c.district_id AS home_district_id,
            1900 + CAST(substr(c.birth_number, 1, 2) AS INTEGER) AS birth_year,
            a.open_date AS opened_on,
            strftime(d.day + INTERVAL 12 HOUR, '{iso}') AS opened_at,
            strftime(d.day + INTERVAL 20 HOUR, '{iso}') AS known_at
        FROM accounts a
        JOIN owners o USING (account_id)
        JOIN clients c USING (client_id),
        LATERAL (SELECT strptime('19' || a.open_date, '%Y%m%d') AS day) d
        WHERE a.open_date <= '{last_day}'
    """,
    "loans.csv": """
        SELECT a.loan_id, a.account_id, a.district_id, a.amount,
            CAST(CAST(a.duration AS DOUBLE) AS INTEGER) AS months,
            strftime(d.noon + INTERVAL 1 MILLISECOND, '{iso}') AS signed_at,
            strftime(d.noon + INTERVAL 2 MILLISECOND, '{iso}') AS limit_at,
            strftime(d.noon + INTERVAL 3 MILLISECOND, '{iso}') AS drawn_at,
            strftime(d.noon + INTERVAL 8 HOUR, '{iso}') AS known_at
        FROM accounts a,
        LATERAL (SELECT strptime('19' || a.loan_date, '%Y%m%d') + INTERVAL 12 HOUR AS noon) d
        WHERE a.loan_id IS NOT NULL AND a.loan_date <= '{last_day}'
    """,
    "instalments.csv": """
        SELECT r.trans_id, a.loan_id, r.account_id, a.district_id,
            greatest(CAST(a.amount AS DECIMAL(18, 2)) - sum(CAST(r.amount_text AS DECIMAL(18, 2)))
                OVER (PARTITION BY r.account_id ORDER BY r.place), 0) AS outstanding,
            strftime(make_timestamp(r.occurred_ms * 1000), '{iso}') AS paid_at,
            strftime(r.day + INTERVAL 20 HOUR, '{iso}') AS known_at
        FROM rows r JOIN accounts a USING (account_id)
        WHERE r.is_instalment AND a.loan_id IS NOT NULL AND a.loan_date <= '{last_day}'
            AND r.date <= '{last_day}'
        ORDER BY r.place
    """,
    "postings.parquet": """
        SELECT r.trans_id, r.account_id, a.district_id, r.type, r.operation,
            CAST(r.amount_text AS DECIMAL(18, 2)) AS amount,
            CAST(r.balance_text AS DECIMAL(18, 2)) AS balance,
            CASE WHEN r.is_salary THEN 'MZDA' ELSE r.symbol END AS k_symbol,
            r.bank, CASE WHEN r.account <> '0' THEN coalesce(r.bank, '') || '/' || r.account END
                AS counterparty,
            make_timestamp(r.occurred_ms * 1000) AS booked_at,
            r.day + INTERVAL 20 HOUR AS known_at
        FROM rows r JOIN accounts a USING (account_id)
        WHERE r.date <= '{last_day}'
        ORDER BY r.place
    """,
    "disp.csv": "SELECT * FROM dispositions",
}


def export_tables(berka: Path, folder: Path, *, last_day: str) -> None:
    """Write the tables of everything up to a day, yymmdd, into a folder.

    A loan that was drawn later is not in them, nor is a posting or an account.
    """
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = true; SET threads = 1")
    database.execute(ROWS.format(transactions=berka / "transactions_1993_1994Q1.csv.gz"))
    for table, file in (
        ("accounts", "accounts_1993_1994Q1.csv"),
        ("dispositions", "disp.csv"),
        ("clients", "client.csv"),
    ):
        database.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{berka / file}', all_varchar = true)"
        )
    database.execute("CREATE VIEW owners AS SELECT * FROM dispositions WHERE type = 'OWNER'")
    for name, query in _TABLES.items():
        filled = query.format(last_day=last_day, iso="%Y-%m-%dT%H:%M:%S.%g")
        how = "FORMAT parquet" if name.endswith(".parquet") else "HEADER"
        database.execute(f"COPY ({filled}) TO '{folder / name}' ({how})")
    database.close()
