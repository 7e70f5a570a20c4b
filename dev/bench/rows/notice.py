"""`arrears_propose`: how fast a run proposes who gets which step."""

import time
from datetime import timedelta

from ..registry import row
from ..result import Result, written

GOAL_SECONDS, OF = 60, 275_000
COLUMNS = (
    "run_id, partner_id, account_no, village, bill_id, office_id, company_id, policy_id, step_id,"
    " kind, channel, date, due_date, amount, amount_recoverable, state, stop_reason, notice_id,"
    " cut_from, currency_id, create_uid, create_date, write_uid, write_date"
)


def propose(env):
    """Propose a run of all consumers, with policies; return seconds, steps proposed and the run.

    Nothing is committed.
    """
    office = env["discom.office"].search([("parent_id", "=", False)], limit=1)
    env["discom.notice.policy"].create(office._discom_usual_policy(protected=False))
    # Most bills are past their due date then, and each step has its consumers.
    day = env["discom.bill"].search([("is_latest", "=", True)], limit=1).due_date
    run = env["discom.notice.run"].create(
        {"office_id": office.id, "date": day + timedelta(days=20)}
    )
    # Nothing is committed: another row, or the next time, finds no run of this day.
    env.flush_all()
    env.cr.execute("ANALYZE")
    begun = time.perf_counter()
    run._propose()
    seconds = time.perf_counter() - begun
    env.cr.execute("SELECT count(*) FROM discom_notice WHERE run_id = %s", [run.id])
    return seconds, env.cr.fetchone()[0], run


@row("arrears_propose", f"<={GOAL_SECONDS}s_of_{OF}", 27_500)
def arrears_propose(bench, size):
    """Seconds to propose the steps of an office with ``size`` consumers, policies, stops, notices
    of before and dues older than two years looked at; the yardstick is a bare INSERT ... SELECT of
    the same rows. The goal is scaled to the size.
    """
    bench.seed("bill")
    with bench.env() as env:
        ours, rows, run = propose(env)
        env.cr.execute("CREATE TEMPORARY TABLE proposed AS TABLE discom_notice")
        env.cr.execute("DELETE FROM discom_notice WHERE run_id = %s", [run.id])
        begun = time.perf_counter()
        env.cr.execute(f"INSERT INTO discom_notice ({COLUMNS}) SELECT {COLUMNS} FROM proposed")
        bare = time.perf_counter() - begun
        env.cr.rollback()
    result = Result(ours, bare, "s", more_is_better=False)
    result.also = {"rows": str(rows), "per_second": written(rows / ours, "")}
    result.met = ours <= GOAL_SECONDS * size / OF
    return result
