"""What stands against a step, and which of it a policy heeds."""

from odoo import api, fields, models
from odoo.tools import SQL

from .notice_hold import STOP_REASONS

#: Problems with a bill that dispute its amount.
DISPUTES = ("reading", "paid", "not_mine")
#: Reasons that a policy may leave out; a hold for another reason always stops.
CHOICES = (
    *("paid", "plan", "disputed", "scheme"),
    *("court", "life_support", "deceased", "own_staff"),
)


class DiscomNoticePolicy(models.Model):
    _inherit = "discom.notice.policy"

    stop_paid = fields.Boolean(
        "Paid below the Minimum",
        default=True,
        tracking=True,
        help="A payment that brings the dues below the minimum of a step ends it. Whoever has paid "
        "all is never asked for more.",
    )
    stop_plan = fields.Boolean("Payment Plan", default=True, tracking=True)
    stop_disputed = fields.Boolean("Bill Disputed", default=True, tracking=True)
    stop_scheme = fields.Boolean("Registered for a Scheme", default=True, tracking=True)
    stop_court = fields.Boolean("Stay of a Court", default=True, tracking=True)
    stop_life_support = fields.Boolean(
        "Depends on Supply",
        default=True,
        tracking=True,
        help="Life support, hospitals, water works without a policy of their own. Without the tick "
        "this policy is for them as well, up to disconnection.",
    )
    stop_deceased = fields.Boolean("Consumer Deceased", default=True, tracking=True)
    stop_own_staff = fields.Boolean("Own Staff", default=True, tracking=True)


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    @api.model
    def _sql_stops(self, today):
        """List of (reason, SQL condition on the consumer ``p``, the bill ``bill`` and the policy
        ``rules``), the first that holds is named. Areas with reasons of their own add them."""
        held = [
            (
                reason,
                SQL(
                    """EXISTS (SELECT FROM discom_notice_hold hold
                                WHERE hold.partner_id = p.id AND hold.reason = %s
                                  AND hold.date_from <= %s
                                  AND COALESCE(hold.date_to, 'infinity') >= %s)""",
                    reason,
                    today,
                    today,
                ),
            )
            for reason in ("deceased", "court", "own_staff", "disputed", "other")
        ]
        disputed = SQL(
            """EXISTS (SELECT FROM discom_bill_problem problem
                        WHERE problem.bill_id = bill.id AND problem.kind = ANY(%s)
                          AND problem.state IN ('new', 'progress'))""",
            list(DISPUTES),
        )
        scheme = SQL(
            """EXISTS (SELECT FROM discom_scheme_registration registration
                        WHERE registration.partner_id = p.id
                          AND registration.state = 'running')"""
        )
        # No policy of their own: nothing is done, and the list says so.
        unprotected = SQL("p.discom_priority IS NOT NULL AND NOT COALESCE(rules.protected, FALSE)")
        return [
            *held[:3],
            ("life_support", unprotected),
            ("disputed", disputed),
            *held[3:],
            ("scheme", scheme),
        ]

    @api.model
    def _sql_stop_cases(self, today):
        """The branches of a CASE that names the first reason which stands against a step.

        Those that the policy of the step leaves out are passed over.
        """
        return SQL(" ").join(
            SQL("WHEN %s AND %s THEN %s", self._sql_heeds(reason), condition, reason)
            for reason, condition in self._sql_stops(today)
        )

    @api.model
    def _sql_heeds(self, reason):
        """SQL condition: the policy ``rules`` stops for this reason."""
        if reason not in CHOICES:
            return SQL("TRUE")
        return SQL("%s IS NOT FALSE", SQL.identifier("rules", f"stop_{reason}"))

    def _stop_late(self):
        """Stop those of this run against whom something became known after the proposal: a court
        stay, another run that was approved before.

        :return: how many
        """
        self.ensure_one()
        # Of two runs approved at the same moment the later one fails here and begins again, with a
        # view of what the other has taken.
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice_policy SET write_date = write_date
                 WHERE id IN (SELECT policy_id FROM discom_notice
                               WHERE run_id = %s AND state = 'proposed')
                """,
                self.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice notice
                   SET state = 'stopped', stop_reason = late.reason, write_uid = %(uid)s,
                       write_date = now() AT TIME ZONE 'UTC'
                  FROM (SELECT candidate.id,
                               CASE %(stops)s WHEN NOT bill.is_latest THEN 'bill'
                                    WHEN %(earlier)s THEN 'step' END AS reason
                          FROM discom_notice candidate
                          JOIN res_partner p ON p.id = candidate.partner_id
                          JOIN discom_bill bill ON bill.id = candidate.bill_id
                          JOIN discom_notice_policy rules ON rules.id = candidate.policy_id
                          JOIN (SELECT step.id, step.kind, step.sequence, step.repeat_days,
                                       policy.gap_days
                                  FROM discom_notice_step step
                                  JOIN discom_notice_policy policy
                                    ON policy.id = step.policy_id) step
                            ON step.id = candidate.step_id
                         WHERE candidate.run_id = %(run)s AND candidate.state = 'proposed') late
                 WHERE late.id = notice.id AND late.reason IS NOT NULL
                """,
                uid=self.env.uid,
                stops=self._sql_stop_cases(self.env["discom.bill"]._today()),
                earlier=self._sql_earlier(),
                run=self.id,
            )
        )
        return self.env.cr.rowcount


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    stop_now = fields.Selection(
        STOP_REASONS,
        "Stopped Meanwhile by",
        compute="_compute_stop_now",
        help="What has come to stand against it since: nobody is cut, and no paper goes out.",
    )

    @api.depends("state", "partner_id")
    def _compute_stop_now(self):
        waiting = self.filtered(lambda notice: notice.state in ("issued", "served", "listed"))
        stops = waiting._stops_now()
        for notice in self:
            notice.stop_now = stops.get(notice.id)

    def _stops_now(self):
        """What stands against these steps today: ``{notice id: reason}``."""
        if not self.ids:
            return {}
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT * FROM (SELECT candidate.id, CASE %(stops)s END AS reason"
                    " FROM discom_notice candidate"
                    " JOIN res_partner p ON p.id = candidate.partner_id"
                    " JOIN discom_notice_policy rules ON rules.id = candidate.policy_id"
                    " JOIN discom_bill bill ON bill.partner_id = p.id AND bill.is_latest"
                    " WHERE candidate.id = ANY(%(ids)s)) stop WHERE reason IS NOT NULL",
                    stops=self.env["discom.notice.run"]._sql_stop_cases(
                        self.env["discom.bill"]._today()
                    ),
                    ids=self.ids,
                )
            )
        )
