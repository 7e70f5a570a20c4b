"""`control_room`: the first page of an office with everything in it, against counting it all."""

import time
from contextlib import contextmanager
from statistics import median

from .. import messaging
from ..registry import row
from ..result import Result, written
from .pages import year

GOAL_SECONDS = 0.5
#: Of the messages of today, those that still wait.
WAITING = 0.4
OUTAGES = 30
REPEATS = 15
#: How the messages of today are known, to take them away again.
KEY = "bench_today_"


def _fill_today(env, account):
    """Add a message to each consumer, sent today or waiting, and outages."""
    env.cr.execute(
        """
        INSERT INTO discom_whatsapp_message (
            key, direction, account_id, partner_id, office_id, phone, res_model, res_id, purpose,
            priority, values, state, claimed_at, sent_at, attempts, create_date, write_date)
        SELECT %(key)s || partner.id, 'out', %(account)s, partner.id, partner.discom_office_id,
               '+91' || (9000000000 + partner.id), 'discom.bill', bill.id, 'bill', 40,
               '{"name": "राम", "amount": "₹500.00", "office": "Robertsganj"}'::jsonb,
               of.state, CASE WHEN of.state <> 'queued' THEN of.at END,
               CASE WHEN of.state <> 'queued' THEN of.at END, 1, of.at, of.at
          FROM res_partner partner
          JOIN discom_bill bill ON bill.partner_id = partner.id AND bill.is_latest
    CROSS JOIN LATERAL (
               SELECT CASE WHEN partner.id %% 100 < 100 * %(waiting)s THEN 'queued'
                           ELSE (ARRAY['read', 'read', 'delivered', 'sent', 'failed'])
                                [1 + partner.id %% 5] END AS state,
                      -- Some 16 a second.
                      (now() - partner.id %% 10000 * interval '1 second') AT TIME ZONE 'UTC'
                          AS at) of
        """,
        {"key": KEY, "account": account.id, "waiting": WAITING},
    )
    assets = env["discom.asset"].search([("kind", "=", "feeder")], limit=OUTAGES)
    for asset in assets:
        env["discom.outage"].create({"asset_ids": [(6, 0, asset.ids)]}).state = "ongoing"
    env.flush_all()


@contextmanager
def today(bench):
    """The year's database in the middle of a day of sending, and without that day afterwards."""
    with bench.env() as env:
        _remove_today(env)
        bench.report("Making the messages of today")
        _fill_today(env, messaging.account(bench, env))
    _tidy(bench)
    try:
        yield
    finally:
        with bench.env() as env:
            _remove_today(env)
        _tidy(bench)


def _remove_today(env):
    # Else PostgreSQL looks for each message through all that may refer to it; nothing does.
    env.cr.execute("SET LOCAL session_replication_role = replica")
    env.cr.execute("DELETE FROM discom_whatsapp_message WHERE key LIKE %s", [f"{KEY}%"])
    env.cr.execute("SET LOCAL session_replication_role = origin")
    env.cr.execute("DELETE FROM discom_outage")


def _tidy(bench):
    """What PostgreSQL does by itself within the hour."""
    with bench.registry.cursor() as cr:
        cr._cnx.autocommit = True
        for table in ("discom_bill", "discom_payment", "discom_whatsapp_message", "res_partner"):
            cr.execute(f"VACUUM ANALYZE {table}")


def seconds(bench, function):
    """Seconds of ``function`` with a fresh environment of the administrator."""
    with bench.env() as env:
        begun = time.perf_counter()
        function(env)
        return time.perf_counter() - begun


@row("control_room", f"<={GOAL_SECONDS}s", 27_500, group="year")
def control_room(bench, size):
    """Seconds of the one call of the control room over all offices, with a year of bills and their
    messages (33 and 50 lakh at full size), those of today under way, and thirty outages; the
    yardstick is to count everything that it shows anew, which is done in the background.
    """
    year(bench)
    with today(bench):
        counting = seconds(bench, lambda env: env["discom.figure"].sudo()._refresh())
        seconds(bench, _look)
        ours = [seconds(bench, _look) for _turn in range(REPEATS)]
        with bench.env() as env:
            env.cr.execute(
                "SELECT (SELECT count(*) FROM discom_bill),"
                " (SELECT count(*) FROM discom_whatsapp_message)"
            )
            bills, messages = env.cr.fetchone()
    result = Result(median(ours), counting, "s", more_is_better=False)
    result.also = {
        "worst": written(max(ours), "s"),
        "bills": str(bills),
        "messages": str(messages),
    }
    result.met = max(ours) <= GOAL_SECONDS
    return result


def _look(env):
    env["discom.control.room"].figures()
