"""`import_consumers`, `import_bills`: the add-on's import against Odoo's own ``load()``."""

import csv
import io
import time
from itertools import islice

from ..registry import row
from ..result import Result, written
from ..workbench import Unavailable

RATIO = 5
#: What an import may add to the memory in use, whatever the size of the file.
MEMORY_MIB = 100
GOAL = f"ratio>={RATIO},memory<{MEMORY_MIB}MiB"
# Rows that load() gets, at most: its time is per row, and it does not become quicker with more.
SAMPLE = 1_000
HEADS = "energy fixed minimum fppas duty excess_demand rebate subsidy adjustment".split()

# Columns of consumers.csv to fields; what is looked up goes in as database id, the quickest for
# load().
CONSUMER_FIELDS = {
    "account_no": "discom_account_no",
    "old_account_no": "discom_old_account_no",
    "book_no": "discom_book_no",
    "sc_no": "discom_sc_no",
    "name": "name",
    "name_hi": "discom_name_hi",
    "guardian_name": "discom_guardian_name",
    "mobile": "phone",
    "category": "discom_category_id/.id",
    "supply_type": "discom_supply_type",
    "load": "discom_sanctioned_load",
    "load_unit": "discom_load_unit",
    "phase": "discom_phase",
    "meter_no": "discom_meter_no",
    "meter_make": "discom_meter_make",
    "meter_multiplier": "discom_meter_multiplier",
    "connection_date": "discom_connection_date",
    "status": "discom_status",
    "temporary_date": "discom_temporary_date",
    "permanent_date": "discom_permanent_date",
    "area": "discom_area",
    "village": "discom_village",
    "street": "street",
    "pin": "zip",
    "office_code": "discom_office_id/.id",
    "asset_code": "discom_asset_id/.id",
    "security_deposit": "discom_security_deposit",
    "never_paid": "discom_never_paid",
    "long_unpaid": "discom_long_unpaid",
}
BILL_FIELDS = {
    "bill_no": "name",
    "months": "months",
    "bill_date": "bill_date",
    "due_date": "due_date",
    "disconnection_date": "disconnection_date",
    "meter_no": "meter_no",
    "previous_reading": "reading_previous",
    "previous_reading_date": "reading_previous_date",
    "current_reading": "reading_current",
    "current_reading_date": "reading_current_date",
    "units": "units",
    "arrears": "amount_arrears",
    "lpsc": "amount_lpsc",
    "total": "amount_total",
    "total_after_due": "amount_after_due",
    "last_payment_date": "last_payment_date",
    "last_payment_amount": "last_payment_amount",
    "last_payment_mode": "last_payment_mode",
}


def _rows(path, count=None):
    with path.open(encoding="utf-8", newline="") as source:
        yield from islice(csv.DictReader(source), count)


def _ids(env, model, field):
    """{value: database id as text} of all records of ``model``."""
    found = env[model].with_context(active_test=False).search_read([], [field])
    return {record[field]: str(record["id"]) for record in found}


def _load(bench, model, prepare):
    """Rows per second of ``load()`` in a transaction that is rolled back.

    :param prepare: function of the environment to (fields, lines, number of records)
    """
    with bench.registry.cursor() as cr:
        from odoo import api

        env = api.Environment(cr, 1, {})
        env = env(user=env.ref("base.user_admin"), context={"tracking_disable": True})
        fields, lines, count = prepare(env)
        begun = time.perf_counter()
        answer = env[model].load(fields, lines)
        env.flush_all()
        seconds = time.perf_counter() - begun
        cr.rollback()
    if not answer["ids"]:
        raise Unavailable(f"load() refuses the rows: {answer['messages'][:1]}")
    return count / seconds


def _consumer_lines(bench):
    def prepare(env):
        ids = {
            "category": _ids(env, "discom.category", "code"),
            "office_code": _ids(env, "discom.office", "code"),
            "asset_code": _ids(env, "discom.asset", "code"),
        }
        lines = [
            [
                "1",
                *(
                    ids[name].get(consumer[name], "") if name in ids else consumer[name]
                    for name in CONSUMER_FIELDS
                ),
            ]
            for consumer in _rows(bench.files["consumer"], SAMPLE)
        ]
        return ["discom_consumer", *CONSUMER_FIELDS.values()], lines, len(lines)

    return prepare


def _bill_lines(bench):
    def prepare(env):
        sample = list(_rows(bench.files["bill"], SAMPLE))
        partners = env["res.partner"].search_read(
            [("discom_account_no", "in", [bill["account_no"] for bill in sample])],
            ["discom_account_no"],
        )
        partner_ids = {partner["discom_account_no"]: str(partner["id"]) for partner in partners}
        basis_ids = _ids(env, "discom.bill.basis", "code")
        lines, count = [], 0
        for bill in sample:
            # A row that the import refuses, as its consumer was, would stop the whole of load().
            if bill["account_no"] not in partner_ids:
                continue
            count += 1
            first = [
                partner_ids[bill["account_no"]],
                f"{bill['period']}-01",
                basis_ids.get(bill["basis"], ""),
                *(bill[name] for name in BILL_FIELDS),
            ]
            for head in HEADS:
                if float(bill[head]):
                    lines.append([*first, head, bill[head]])
                    first = [""] * len(first)
        fields = ["partner_id/.id", "period", "basis_id/.id", *BILL_FIELDS.values()]
        return [*fields, "line_ids/head", "line_ids/amount"], lines, count

    return prepare


def _copy(bench, path):
    """Seconds of a raw COPY of the file into a table of texts without an index."""
    content = path.read_text(encoding="utf-8")
    columns = content.partition("\n")[0].strip().split(",")
    with bench.registry.cursor() as cr:
        names = ", ".join(f'"{name}" text' for name in columns)
        cr.execute(f"CREATE TEMP TABLE discom_bench_copy ({names}) ON COMMIT DROP")
        begun = time.perf_counter()
        cr.copy_expert(
            "COPY discom_bench_copy FROM STDIN WITH (FORMAT csv, HEADER true)", io.StringIO(content)
        )
        seconds = time.perf_counter() - begun
        cr.rollback()
    return seconds


def _import(bench, kind, model, prepare):
    theirs = _load(bench, model, prepare)
    cost = bench.import_file(kind)
    if not cost:
        raise Unavailable("The file is in the database already; run it without --keep")
    result = Result(cost.rows / cost.seconds, theirs, "rows/s")
    result.also = {
        "check": written(cost.check_seconds, "s"),
        "import": written(cost.run_seconds, "s"),
        "refused": str(cost.refused),
        "raw_copy": written(_copy(bench, bench.files[kind]), "s"),
        "memory": f"+{cost.memory:.0f}MiB",
    }
    result.met = result.ratio >= RATIO and cost.memory < MEMORY_MIB
    return result


@row("import_consumers", GOAL, 27_500)
def import_consumers(bench, size):
    """Consumers per second, dry run included, against load() on the first 1,000 of the same rows.

    load() runs without tracking, with database ids in place of codes, and is not checked first.
    """
    bench.seed("asset")
    return _import(bench, "consumer", "res.partner", _consumer_lines(bench))


@row("import_bills", GOAL, 27_500)
def import_bills(bench, size):
    """Bills per second with their charge lines, against load() on the first 1,000 of them."""
    bench.seed("kyc")
    return _import(bench, "bill", "discom.bill", _bill_lines(bench))
