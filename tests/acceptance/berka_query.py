"""The fund-flow features by SQL over the bank's own files: no code of ours computes a number.

Every statement follows docs/domain.md, "Features". A day's rows occur at noon, in file order; a
transfer without a word that comes again from the same account, at most a month later, is a salary.
"""

import math
from pathlib import Path

import duckdb

ROWS = """
CREATE TABLE rows AS
WITH read AS (
    SELECT row_number() OVER () AS place, *
    FROM read_csv('{transactions}', all_varchar = true)
    WHERE date <= '940331'
), spelt AS (
    SELECT
        place,
        trans_id,
        account_id,
        date,
        type,
        operation,
        bank,
        account,
        amount AS amount_text,
        balance AS balance_text,
        strptime('19' || date, '%Y%m%d') AS day,
        row_number() OVER (PARTITION BY date ORDER BY place) AS place_in_day,
        type = 'PRIJEM' AS comes_in,
        CAST(CAST(amount AS DECIMAL(18, 2)) * 100 AS BIGINT) AS amount,
        CAST(CAST(balance AS DECIMAL(18, 2)) * 100 AS BIGINT) AS balance,
        trim(coalesce(k_symbol, '')) AS symbol,
        operation = 'PREVOD Z UCTU' AND trim(coalesce(k_symbol, '')) = '' AS is_plain_transfer,
        coalesce(bank, '') || '/' || coalesce(account, '') AS sender
    FROM read
), dated AS (
    SELECT
        *,
        epoch_ms(day) + 12 * 3600000 + 10 + place_in_day AS occurred_ms,
        12 * year(day) + month(day) AS month
    FROM spelt
)
SELECT
    *,
    symbol = 'UVER' AS is_instalment,
    symbol = 'DUCHOD' AS is_pension,
    is_plain_transfer AND coalesce(month - lag(month) OVER (
        PARTITION BY account_id, sender, is_plain_transfer ORDER BY place
    ) <= 1, false) AS is_salary
FROM dated
"""

_FEATURES = """
WITH seen AS (
    SELECT *, ($at - occurred_ms) / 86400000 AS age_days
    FROM rows
    WHERE account_id = $account AND occurred_ms <= $at AND ({only})
), summed AS (
    SELECT
        coalesce(sum(amount) FILTER (comes_in AND age_days < 7), 0)::DOUBLE AS in_7,
        coalesce(sum(amount) FILTER (comes_in AND age_days < 30), 0)::DOUBLE AS in_30,
        coalesce(sum(amount) FILTER (comes_in AND age_days < 90), 0)::DOUBLE AS in_90,
        coalesce(sum(amount) FILTER (NOT comes_in AND age_days < 7), 0)::DOUBLE AS out_7,
        coalesce(sum(amount) FILTER (NOT comes_in AND age_days < 30), 0)::DOUBLE AS out_30,
        coalesce(sum(amount) FILTER (NOT comes_in AND age_days < 90), 0)::DOUBLE AS out_90,
        coalesce(sum(amount) FILTER (is_salary AND age_days < 30), 0)::DOUBLE AS salary_30,
        coalesce(sum(amount) FILTER (is_salary AND age_days < 60), 0)::DOUBLE AS salary_60,
        coalesce(sum(amount) FILTER ((is_salary OR is_pension) AND age_days < 30), 0)::DOUBLE
            AS income_30,
        coalesce(sum(amount) FILTER (is_instalment AND age_days < 30), 0)::DOUBLE AS repaid_30,
        count(DISTINCT month) FILTER (is_salary AND age_days < 180)::DOUBLE AS salary_months,
        count(DISTINCT month) FILTER ((is_salary OR is_pension) AND age_days < 180)::DOUBLE
            AS income_months,
        arg_max(balance, occurred_ms) FILTER (age_days < 30)::DOUBLE AS balance_last,
        min(balance) FILTER (age_days < 30)::DOUBLE AS balance_min,
        max(amount) FILTER (NOT comes_in AND age_days < 30)::DOUBLE AS out_max,
        list_sort(list(amount) FILTER (NOT comes_in AND age_days < 90)) AS outs_90,
        count(*) FILTER (age_days < 30)::HUGEINT AS stated,
        sum(balance::HUGEINT) FILTER (age_days < 30) AS y,
        sum(($at - occurred_ms)::HUGEINT) FILTER (age_days < 30) AS x,
        sum(($at - occurred_ms)::HUGEINT * balance) FILTER (age_days < 30) AS xy,
        sum(($at - occurred_ms)::HUGEINT * ($at - occurred_ms)) FILTER (age_days < 30) AS xx
    FROM seen
), months AS (
    -- the totals of the last six months with income; at noon it is one day here and in Shanghai
    SELECT list_sort(list(total)) AS totals
    FROM (
        SELECT sum(amount)::BIGINT AS total
        FROM seen
        WHERE (is_salary OR is_pension) AND age_days < 180
        GROUP BY month
        ORDER BY month DESC
        LIMIT 6
    )
), steps AS (
    -- a day's large inflows up, outflows down: what is left open never falls below nothing
    SELECT
        CASE WHEN NOT comes_in THEN -amount WHEN amount >= 5000000 THEN amount ELSE 0 END AS step,
        sum(step) OVER (ORDER BY occurred_ms) AS height,
        occurred_ms
    FROM seen
    WHERE age_days < 1
), trips AS (
    SELECT
        sum(greatest(step, 0)) AS large_in,
        last(height ORDER BY occurred_ms) - least(0, min(height)) AS still_open
    FROM steps
)
SELECT
    in_7 AS inflow_sum_minor_7d,
    in_30 AS inflow_sum_minor_30d,
    in_90 AS inflow_sum_minor_90d,
    out_7 AS outflow_sum_minor_7d,
    out_30 AS outflow_sum_minor_30d,
    out_90 AS outflow_sum_minor_90d,
    in_30 - out_30 AS net_flow_minor_30d,
    out_90 * 7 / 90 AS outflow_week_mean_minor_90d,
    0.0::DOUBLE AS supplier_payment_sum_minor_14d,
    0.0::DOUBLE AS supplier_payment_sum_minor_90d,
    0.0::DOUBLE AS customer_receipt_sum_minor_30d,
    NULL::DOUBLE AS days_since_customer_receipt,
    0 / nullif(out_30, 0) AS outflow_self_other_bank_ratio_30d,
    salary_months AS salary_month_cnt_180d,
    income_months AS income_month_cnt,
    salary_30 / nullif(salary_60 - salary_30, 0) - 1 AS salary_growth_ratio,
    balance_last AS balance_last_minor,
    balance_min AS balance_min_minor_30d,
    balance_last * 30 / nullif(out_30, 0) AS cash_buffer_days,
    0.0::DOUBLE AS ext_repay_sum_minor_30d,
    repaid_30 AS own_repay_sum_minor_30d,
    0.0::DOUBLE AS ext_loan_inflow_sum_minor_30d,
    0.0::DOUBLE AS ext_lender_cnt_90d,
    repaid_30 / nullif(income_30, 0) AS debt_service_ratio,
    0 / nullif(out_90, 0) AS gambling_like_ratio_90d,
    CASE
        WHEN len(totals) % 2 = 1 THEN totals[(len(totals) + 1) // 2]::DOUBLE
        ELSE (totals[len(totals) // 2] + totals[len(totals) // 2 + 1])::DOUBLE / 2
    END AS income_est_minor_month,
    NULL::DOUBLE AS receipt_gap_p90_d_180d,
    NULL::DOUBLE AS receipt_std_minor_90d,
    outs_90[(95 * len(outs_90) + 99) // 100]::DOUBLE AS outflow_p95_minor_90d,
    out_max AS outflow_max_minor_30d,
    (large_in - still_open)::DOUBLE / nullif(large_in, 0)::DOUBLE AS round_trip_ratio_24h,
    balance_min AS balance_total_min_minor_30d,
    -- time runs against age; a whole number becomes a float through its digits, rounded once
    (x * y - stated * xy)::VARCHAR::DOUBLE
        / nullif(stated * xx - x * x, 0)::VARCHAR::DOUBLE * 86400000
        AS balance_slope_minor_per_day_30d,
    0.0::DOUBLE AS medical_sum_minor_90d
FROM summed, months, trips
"""


class BerkaQuery:
    """The bank's files in DuckDB.

    What the records cannot tell is constant: they name no supplier, no customer's customer, no
    other lender, no account of the same customer elsewhere, no gambling and no illness.
    """

    def __init__(self, folder: Path) -> None:
        self._duckdb = duckdb.connect()
        transactions = folder / "transactions_1993_1994Q1.csv.gz"
        self._duckdb.execute("SET preserve_insertion_order = true; SET threads = 1")
        self._duckdb.execute(ROWS.format(transactions=transactions))

    def close(self) -> None:
        self._duckdb.close()

    def features(self, account_id: str, at_ms: int, *, only: str = "true") -> dict[str, float]:
        """Return every fund-flow feature of an account at a time; missing is NaN.

        Args:
            account_id: As in the files.
            at_ms: Up to when rows count.
            only: A condition that rows must meet, as SQL.
        """
        answer = self._duckdb.execute(
            _FEATURES.format(only=only), {"at": at_ms, "account": account_id}
        )
        names = [str(column[0]) for column in answer.description or ()]
        row = answer.fetchone()
        assert row is not None
        return {
            name: math.nan if value is None else float(value)
            for name, value in zip(names, row, strict=True)
        }

    def large_inflows(self) -> list[tuple[int, str]]:
        """Return the days (epoch ms) on which 50,000 or more came in, with the accounts."""
        return self._duckdb.execute(
            "SELECT DISTINCT epoch_ms(day), account_id FROM rows "
            "WHERE comes_in AND amount >= 5000000 ORDER BY ALL"
        ).fetchall()

    def is_in_order(self) -> bool:
        """Whether no row of the file is earlier than the row before it."""
        answer = self._duckdb.execute(
            "SELECT count(*) FROM (SELECT day < lag(day) OVER (ORDER BY place) AS back FROM rows) "
            "WHERE back"
        ).fetchone()
        return answer == (0,)
