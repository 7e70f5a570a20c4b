"""Messages about dues do not leave on days on which the offices are closed."""

from odoo import api, models
from odoo.tools import SQL

from ..tools.clear_days import is_closed

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
