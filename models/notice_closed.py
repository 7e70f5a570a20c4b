"""Messages about dues do not leave on days on which the offices are closed."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from ..tools.clear_days import is_closed, next_open
from ..tools.indian_time import INDIA

#: When offices open; what waits for an open day is proposed for then.
OPENING = time(10)
#: Purposes that ask for money, of arrears runs, payment plans and bills alike.
DUES_PURPOSES = ("due_reminder", "overdue", "notice", "instalment")


class DiscomHoliday(models.Model):
    _inherit = "discom.holiday"

    @api.model
    def _closed_offices(self, day):
        """Return the ids of all offices that are closed on ``day``, as :meth:`_closed` has it."""
        # sudo: what is closed is no secret, and a sending number serves offices of any company.
        companies = self.env["res.company"].sudo().search([])  # pylint: disable=no-search-all
        weekly = companies.filtered(
            lambda company: is_closed(
                day,
                sundays=company.discom_closed_sundays,
                second_saturdays=company.discom_closed_second_saturdays,
            )
        )
        self.flush_model()
        self.env["discom.office"].flush_model(["company_id", "parent_path"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT office.id FROM discom_office office
                 WHERE office.company_id = ANY(%(weekly)s)
                    OR EXISTS (SELECT FROM discom_holiday holiday
                            LEFT JOIN discom_office above ON above.id = holiday.office_id
                                WHERE holiday.date = %(day)s
                                  AND holiday.company_id = office.company_id
                                  AND (above.id IS NULL
                                       OR office.parent_path LIKE above.parent_path || '%%'))
                """,
                weekly=weekly.ids,
                day=day,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _opening(self, office, moment):
        """Return when ``office`` opens next if ``moment`` lies on a closed day of it, else False.

        :param moment: naive UTC, as the result
        """
        today = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(INDIA).date()
        closed = self._closed(office, today, today + timedelta(days=366))
        if not closed(today):
            return False
        opening = datetime.combine(next_open(today, closed), OPENING, tzinfo=INDIA)
        return opening.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    closed_text = fields.Char(compute="_compute_closed_text")
    waiting_text = fields.Char(compute="_compute_waiting_text")

    @api.depends("office_id", "date")
    @api.depends_context("lang", "tz")
    def _compute_closed_text(self):
        now = fields.Datetime.now()
        for run in self:
            opening = run.office_id and self.env["discom.holiday"]._opening(run.office_id, now)
            run.closed_text = opening and self.env._(
                "The offices are closed today: what you send now leaves on %(time)s.",
                time=format_datetime(self.env, opening, dt_format="EEEE d MMMM, HH:mm"),
            )

    @api.depends("state")
    @api.depends_context("lang", "tz")
    def _compute_waiting_text(self):
        for run in self:
            run.waiting_text = ", ".join(
                self.env._(
                    "“%(name)s” leaves on %(time)s",
                    name=broadcast.name,
                    time=format_datetime(
                        self.env, broadcast.send_at, dt_format="EEEE d MMMM, HH:mm"
                    ),
                )
                for broadcast in run._scheduled()
            )

    def _scheduled(self, purposes=DUES_PURPOSES):
        """Return the broadcasts of this run that begin at a time to come."""
        self.ensure_one()
        domains = [repr(self._sending_domain(purpose)) for purpose in purposes]
        # sudo: who works with the run may know when it leaves, whoever scheduled it.
        return (
            self.env["discom.whatsapp.broadcast"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "discom.notice"),
                    ("state", "=", "scheduled"),
                    ("purpose", "in", purposes),
                    ("res_domain", "in", domains),
                ],
                order="send_at",
            )
        )

    def _action_send(self, purpose):
        """Propose the next opening on a closed day, and send nothing that is scheduled already.

        :raise UserError: where it is
        """
        action = super()._action_send(purpose)
        if waiting := self._scheduled((purpose,)):
            raise UserError(
                self.env._(
                    "%(texts)s. Cancel that broadcast to choose another time.",
                    texts=self.waiting_text or waiting[0].name,
                )
            )
        opening = self.env["discom.holiday"]._opening(self.office_id, fields.Datetime.now())
        if opening:
            self.env[action["res_model"]].browse(action["res_id"]).send_at = opening
        return action


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    def _claim_condition(self):
        """On a closed day of the consumer's office what asks for money waits for the next one."""
        allowed = super()._claim_condition()
        today = self.env["discom.bill"]._today()
        closed = self.env["discom.holiday"]._closed_offices(today)
        if not closed:
            return allowed
        # An answer has no purpose, and without COALESCE it would wait with the others.
        return SQL(
            "%s AND NOT COALESCE(m.purpose = ANY(%s) AND m.office_id = ANY(%s), FALSE)",
            allowed,
            list(DUES_PURPOSES),
            closed,
        )


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _waiting_because(self, moving):
        """Say that messages about dues wait for an open day."""
        if reason := super()._waiting_because(moving):
            return reason
        if moving or self.purpose not in DUES_PURPOSES:
            return False
        closed = self.env["discom.holiday"]._closed_offices(self.env["discom.bill"]._today())
        waiting = self.env["discom.whatsapp.message"].search_count(
            [
                ("broadcast_id", "=", self.id),
                ("state", "=", "queued"),
                ("office_id", "in", closed),
            ],
            limit=1,
        )
        return waiting and self.env._("Offices are closed today: it goes on at the next open day.")
