import time

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.prometheus import Metric, render
from .whatsapp_message import (
    PRIORITY_ARREARS,
    PRIORITY_BILL,
    PRIORITY_CODE,
    PRIORITY_OTHER,
    PRIORITY_OUTAGE,
    PRIORITY_RECEIPT,
    PRIORITY_REPLY,
)

TOKEN_PARAMETER = "discom.metrics_token"  # name of a setting # nosec B105
#: Lanes by the lowest priority that belongs to none before them: some go first in their lane.
LANES = (
    (PRIORITY_CODE, "code"),
    (PRIORITY_REPLY, "reply"),
    (PRIORITY_OUTAGE, "outage"),
    (PRIORITY_RECEIPT, "receipt"),
    (PRIORITY_ARREARS, "arrears"),
    (PRIORITY_BILL, "bill"),
    (PRIORITY_OTHER, "other"),
)
#: Seconds over which rates are counted.
RATE_SECONDS = 60
#: Seconds over which failures are counted.
FAILURE_SECONDS = 3600
#: A queue, failures, or calls of the webhook that wait, are counted up to this; more is as bad.
COUNT_LIMIT = 50_000
#: Codes of failures that are told apart, the most frequent; the others stand together.
CODES = 20


class DiscomMetrics(models.AbstractModel):
    """Figures by which a monitoring system sees whether messages leave and reports come in.

    They are asked for every few seconds, so each is a handful of index entries, however many
    messages there are; what cannot be had so is left out. No figure speaks of a person.
    """

    _name = "discom.metrics"
    _description = "Metrics"

    @api.model
    def _render(self):
        """Return all metrics in the text format of Prometheus."""
        begun = time.perf_counter()
        self.env.flush_all()
        metrics = self._metrics()
        seconds = Metric("discom_scrape_seconds", "Seconds it took to find these figures.")
        seconds.add(time.perf_counter() - begun)
        return render([*metrics, seconds])

    @api.model
    def _metrics(self):
        """Return a list of :class:`..tools.prometheus.Metric`."""
        now = fields.Datetime.now()
        return [
            *self._metrics_numbers(now),
            *self._metrics_queue(now),
            *self._metrics_failures(now),
            *self._metrics_webhook(now),
            *self._metrics_crons(now),
        ]

    def _metrics_numbers(self, now):
        """Whether each sending number sends, and how fast."""
        connected = Metric("discom_number_connected", "1 where the sending number may send.")
        limit = Metric("discom_number_limit_per_second", "Messages per second it may send.")
        rate = Metric(
            "discom_messages_handed_over_per_second",
            f"Messages handed to WhatsApp per second, over the last {RATE_SECONDS} s.",
        )
        silence = Metric(
            "discom_webhook_silent_seconds", "Seconds since WhatsApp last called for the number."
        )
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT a.name, a.phone_number_id, a.state, a.rate_limit, a.webhook_last_seen,
                       (SELECT count(*) FROM discom_whatsapp_message m
                         WHERE m.account_id = a.id AND m.claimed_at > %s) AS handed_over
                  FROM discom_whatsapp_account a WHERE a.active ORDER BY a.id
                """,
                fields.Datetime.subtract(now, seconds=RATE_SECONDS),
            )
        )
        for row in rows:
            number = self._metrics_number(row)
            connected.add(row["state"] == "connected", **number)
            limit.add(row["rate_limit"], **number)
            rate.add(row["handed_over"] / RATE_SECONDS, **number)
            if row["webhook_last_seen"]:
                silence.add((now - row["webhook_last_seen"]).total_seconds(), **number)
        return [connected, limit, rate, silence]

    def _metrics_number(self, row):
        """Return the labels of a sending number: its name, and what no other working one has."""
        return {"number": row["name"], "phone_number_id": row["phone_number_id"]}

    def _metrics_queue(self, now):
        """How much waits in each lane of each number, and how long the oldest has."""
        depth = Metric(
            "discom_queue_messages",
            f"Messages without an outcome by state and lane, counted up to {COUNT_LIMIT}.",
        )
        age = Metric(
            "discom_queue_oldest_seconds",
            "Seconds since the oldest message in the lane was made, tried or not.",
        )
        # Each lane is a range of the index on (account, open_state, priority, id). The oldest of a
        # priority is its first id; a lane has a few priorities, which are stepped through.
        bounds = [0, *(priority for priority, _name in LANES)]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT a.name, a.phone_number_id, lane.name AS lane, state.state, waiting.count,
                       oldest.create_date
                  FROM discom_whatsapp_account a
            CROSS JOIN unnest(ARRAY['queued', 'in_flight', 'unknown']) AS state(state)
            CROSS JOIN unnest(%(names)s, %(above)s, %(upto)s) AS lane(name, above, upto)
    CROSS JOIN LATERAL (
                       SELECT count(*) FROM (
                           SELECT FROM discom_whatsapp_message m
                            WHERE m.account_id = a.id AND m.open_state = state.state
                              AND m.priority > lane.above AND m.priority <= lane.upto
                            LIMIT %(limit)s) counted
                       ) waiting
     LEFT JOIN LATERAL (
                       WITH RECURSIVE step AS (
                           SELECT lane.above AS priority, NULL::timestamp AS create_date
                            UNION ALL
                           SELECT first.* FROM step
                       CROSS JOIN LATERAL (
                                  SELECT m.priority, m.create_date FROM discom_whatsapp_message m
                                   WHERE m.account_id = a.id AND m.open_state = state.state
                                     AND m.priority > step.priority AND m.priority <= lane.upto
                                   ORDER BY m.priority, m.id LIMIT 1) first)
                       SELECT min(create_date) AS create_date FROM step
                       ) oldest ON TRUE
                 WHERE a.active AND waiting.count > 0
                 ORDER BY a.id, lane.upto, state.state
                """,
                names=[name for _priority, name in LANES],
                above=bounds[:-1],
                upto=[*bounds[1:-1], 2**31 - 1],
                limit=COUNT_LIMIT,
            )
        )
        for row in rows:
            labels = {**self._metrics_number(row), "lane": row["lane"], "state": row["state"]}
            depth.add(row["count"], **labels)
            age.add(max((now - row["create_date"]).total_seconds(), 0), **labels)
        # A queue that is empty is a figure, too.
        depth.add(0, number="", phone_number_id="", lane="", state="")
        return [depth, age]

    def _metrics_failures(self, now):
        """What failed in the last hour, by class of the error table and by code."""
        failed = Metric(
            "discom_messages_failed",
            f"Messages that failed in the last {FAILURE_SECONDS // 60} minutes, by class and code,"
            f" of the last {COUNT_LIMIT}.",
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(error.kind, 'unknown'), failed.error_code, failed.count
                  FROM (SELECT error_code, count(*)
                          FROM (SELECT error_code FROM discom_whatsapp_message
                                 WHERE failed_at > %s ORDER BY failed_at DESC LIMIT %s) last
                         GROUP BY error_code ORDER BY count(*) DESC LIMIT %s) failed
             LEFT JOIN discom_whatsapp_error error
                    ON failed.error_code BETWEEN error.code AND error.last_code
                 ORDER BY failed.count DESC, failed.error_code
                """,
                fields.Datetime.subtract(now, seconds=FAILURE_SECONDS),
                COUNT_LIMIT,
                CODES,
            )
        )
        for kind, code, count in rows:
            failed.add(count, **{"class": kind, "code": "" if code is None else code})
        failed.add(0, **{"class": "", "code": ""})
        return [failed]

    def _metrics_webhook(self, now):
        """Calls of the webhook that wait to be applied, and how late they are."""
        waiting = Metric(
            "discom_webhook_waiting",
            f"Calls of the webhook not yet applied, counted up to {COUNT_LIMIT}.",
        )
        lag = Metric("discom_webhook_lag_seconds", "Seconds since the oldest of them came.")
        rate = Metric(
            "discom_webhook_calls_per_second",
            f"Calls of the webhook per second, over the last {RATE_SECONDS} s.",
        )
        broken = Metric(
            "discom_webhook_unreadable", f"Calls that could not be read, up to {COUNT_LIMIT}."
        )
        [row] = self.env.execute_query_dict(
            SQL(
                """
                SELECT (SELECT count(*) FROM (SELECT FROM discom_whatsapp_event
                         WHERE state = 'new' LIMIT %(limit)s) n) AS waiting,
                       (SELECT received_at FROM discom_whatsapp_event
                         WHERE state = 'new' ORDER BY id LIMIT 1) AS oldest,
                       (SELECT count(*) FROM (SELECT FROM discom_whatsapp_event
                         WHERE state = 'error' LIMIT %(limit)s) n) AS broken,
                       (SELECT count(*) FROM discom_whatsapp_event
                         WHERE received_at > %(since)s) AS calls
                """,
                limit=COUNT_LIMIT,
                since=fields.Datetime.subtract(now, seconds=RATE_SECONDS),
            )
        )
        waiting.add(row["waiting"])
        lag.add(max((now - row["oldest"]).total_seconds(), 0) if row["oldest"] else 0)
        rate.add(row["calls"] / RATE_SECONDS)
        broken.add(row["broken"])
        return [waiting, lag, rate, broken]

    def _metrics_crons(self, now):
        """When each scheduled action of the add-on last ran, how late it is, and its failures."""
        since = Metric("discom_cron_last_run_seconds", "Seconds since the action last ended.")
        late = Metric("discom_cron_late_seconds", "Seconds since the action should have run.")
        failures = Metric("discom_cron_failures", "Failures of the action in a row.")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT cron.id, action.name->>'en_US', cron.lastcall, cron.nextcall,
                       cron.failure_count
                  FROM ir_cron cron
                  JOIN ir_act_server action ON action.id = cron.ir_actions_server_id
                  JOIN ir_model model ON model.id = action.model_id
                 WHERE cron.active AND starts_with(model.model, 'discom.')
                 ORDER BY cron.id
                """
            )
        )
        for cron_id, name, lastcall, nextcall, failed in rows:
            # Lanes are named after their numbers, which may be called alike.
            labels = {"action": name, "cron_id": cron_id}
            if lastcall:
                since.add(max((now - lastcall).total_seconds(), 0), **labels)
            late.add(max((now - nextcall).total_seconds(), 0), **labels)
            failures.add(failed or 0, **labels)
        return [since, late, failures]
