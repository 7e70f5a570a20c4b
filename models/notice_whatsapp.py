"""What a step of the arrears ladder says on WhatsApp."""

from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.tools import SQL

from ..tools import formats
from ..tools.indian_time import INDIA
from ..tools.pdf_notice import notice_pdf
from .notice_policy import LEGAL_KINDS, PURPOSES
from .whatsapp_message import PRIORITY_ARREARS, PRIORITY_RECEIPT, REACHED

#: Days for which a message about dues is worth sending.
FRESH_DAYS = 7
#: States of a notice whose message may leave.
SENDABLE = ("approved", "issued", "sent", "served")


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    @api.model
    def _whatsapp_purposes(self):
        return {
            "due_reminder": {"consent": "dues", "priority": PRIORITY_ARREARS},
            "overdue": {"consent": "dues", "priority": PRIORITY_ARREARS},
            "notice": {"consent": "dues", "priority": PRIORITY_ARREARS},
            "reconnected": {"consent": "dues", "priority": PRIORITY_RECEIPT},
        }

    @api.model
    def _whatsapp_variables(self):
        return {
            **self.env["discom.bill"]._whatsapp_variables(),
            "notice_no": self.env._("Number of the notice"),
            "notice_date": self.env._("Date of the notice"),
            "pay_by": self.env._("Last day to pay"),
        }

    def _whatsapp_check_send(self, purpose):
        """Who may work with runs may send what was approved."""
        self.env["discom.notice.run"].check_access("write")

    @api.model
    def _whatsapp_is_approved(self, domain):
        """A run was approved as a whole; nothing of it is approved a second time."""
        return not self.search_count([*domain, ("state", "=", "proposed")], limit=1)

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        self.flush_model()
        self.env["discom.bill"].flush_model(["amount_due"])
        return SQL(
            """
            SELECT notice.id AS res_id, notice.partner_id,
                   CASE WHEN %(applicable)s THEN NULL ELSE 'not_applicable' END AS skip_reason
              FROM %(documents)s
             WHERE notice.id IN %(notices)s
            """,
            applicable=self._sql_applicable(purpose),
            documents=self._sql_documents(),
            notices=self._search(domain).subselect(),
        )

    def _whatsapp_stale(self, purpose):
        """What was paid, cancelled, stopped or is of an older bill meanwhile does not leave."""
        for model in (self, self.env["discom.bill"], self.env["discom.whatsapp.message"]):
            model.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT notice.id FROM %s WHERE notice.id = ANY(%s) AND NOT (%s)",
                self._sql_documents(),
                self.ids,
                self._sql_applicable(purpose),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _sql_documents(self):
        """SQL of the tables of :meth:`_sql_applicable`."""
        return SQL(
            "discom_notice notice JOIN discom_bill bill ON bill.id = notice.bill_id"
            " JOIN res_partner p ON p.id = notice.partner_id"
            " JOIN discom_notice_policy rules ON rules.id = notice.policy_id"
        )

    @api.model
    def _sql_applicable(self, purpose):
        """SQL condition on ``notice``, ``bill``, ``p`` and ``rules``: this message may leave
        now. What stops a step stops its message as well, however late it becomes known."""
        if purpose == "reconnected":
            return SQL("notice.state = 'reconnected'")
        kinds = [kind for kind, of in PURPOSES.items() if of == purpose]
        return SQL(
            """
            notice.state = ANY(%(states)s) AND notice.kind = ANY(%(kinds)s)
            AND notice.channel <> 'print' AND bill.is_latest AND bill.amount_due > 0
            AND CASE %(stops)s END IS NULL AND %(alone)s
            """,
            states=list(SENDABLE),
            kinds=kinds,
            alone=SQL("TRUE") if set(kinds) & set(LEGAL_KINDS) else self._sql_alone(),
            stops=self.env["discom.notice.run"]._sql_stop_cases(self.env["discom.bill"]._today()),
        )

    @api.model
    def _sql_alone(self):
        """SQL condition on ``notice`` and ``rules``: no other reminder has left within the gap, and
        no newer one takes the place of this, which has waited in the queue or in its run."""
        reminders = [kind for kind in PURPOSES if kind not in LEGAL_KINDS]
        return SQL(
            """
            (NOT EXISTS (
                SELECT FROM discom_whatsapp_message told
                 WHERE told.partner_id = notice.partner_id AND told.direction = 'out'
                   AND told.res_model = 'discom.notice' AND told.res_id <> notice.id
                   AND told.purpose = ANY(%(purposes)s) AND told.state = ANY(%(left)s)
                   -- Messages of the last days have an index.
                   AND told.claimed_at > %(today)s - 1 - (
                       SELECT COALESCE(max(gap_days), 0) FROM discom_notice_policy)
                   AND (told.claimed_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata')::date
                       > %(today)s - rules.gap_days)
             AND NOT EXISTS (
                SELECT FROM discom_notice newer
                 WHERE newer.partner_id = notice.partner_id AND newer.id > notice.id
                   AND newer.state IN ('approved', 'sent') AND newer.kind = ANY(%(kinds)s)
                   AND newer.channel <> 'print'))
            """,
            purposes=list({PURPOSES[kind] for kind in reminders}),
            left=["unknown", *REACHED],
            today=self.env["discom.bill"]._today(),
            kinds=reminders,
        )

    def _whatsapp_values(self, lang, purpose):
        """Those of the bill, with the dues of today, and of the notice; a formal one names what its
        paper asks for, or what is left of it."""
        bills = self.bill_id._whatsapp_values(lang, purpose)
        asked = {
            notice: min(float(notice._amount_printed()), notice.bill_id.amount_due)
            for notice in self
            if purpose == "notice"
        }
        return {
            notice.id: {
                **bills[notice.bill_id.id],
                **({"amount": f"₹{formats.rupees(asked[notice])}"} if notice in asked else {}),
                "notice_no": notice.name or "-",
                "notice_date": formats.day(notice.date_issued or notice.date),
                "pay_by": formats.day(notice._pay_by()),
            }
            for notice in self
        }

    def _pay_by(self):
        """Last day to pay: of a served notice its clear days, before service those from now on."""
        self.ensure_one()
        if self.last_day:
            return self.last_day
        days = self.company_id.discom_notice_clear_days
        return (self.date_issued or self.date) + timedelta(days=days + 1)

    def _whatsapp_amounts(self, purpose):
        return {notice.id: notice.bill_id.amount_due for notice in self}

    def _whatsapp_document(self, lang):
        """The notice as PDF; what it shows is read here, the page is made in the sending thread."""
        data = self.filtered(lambda notice: notice.kind == "formal")._document_data()
        return {
            notice_id: (f"{values['notice']['number']}.pdf".replace("/", "-"),
                        partial(notice_pdf, values))
            for notice_id, values in data.items()
        }  # fmt: skip

    def _whatsapp_expiry(self, purpose):
        """A reminder is worth sending until the due date, the others for some days."""
        today = self.env["discom.bill"]._today()
        expiry = {}
        for notice in self:
            last = today + timedelta(days=FRESH_DAYS)
            if purpose == "due_reminder" and notice.due_date:
                last = max(notice.due_date, today)
            end = datetime.combine(last, time.max, tzinfo=INDIA).astimezone(ZoneInfo("UTC"))
            expiry[notice.id] = end.replace(tzinfo=None, microsecond=0)
        return expiry


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _start(self):
        """Reminders count as sent once their broadcast is confirmed."""
        result = super()._start()
        for broadcast in self.filtered(lambda b: b.res_model == "discom.notice"):
            notices = broadcast._documents_model(broadcast.user_id)
            found = notices.search(broadcast._records_domain())
            found.run_id._mark_sent(broadcast.purpose)
        return result
