from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.bill import LIVE_STATES
from ..tools.phone import mask
from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table

# Message state -> what the register says.
STATE_GROUPS = {
    "read": "read",
    "delivered": "delivered",
    "sent": "sent",
    "accepted": "sent",
    "held": "sent",
    "queued": "waiting",
    "in_flight": "waiting",
    "unknown": "waiting",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "none",
}
GROUPS = ("read", "delivered", "sent", "waiting", "failed", "skipped", "none")
# The message of a bill that says most: one that was sent and then skipped as a repetition was sent.
MESSAGE_SQL = SQL(
    """
    SELECT * FROM discom_whatsapp_message about
     WHERE about.res_model = 'discom.bill'
       AND about.res_id = bill.id
       AND about.direction = 'out'
       AND about.purpose = 'bill'
     ORDER BY about.state IN ('skipped', 'cancelled'), about.id DESC
     LIMIT 1
    """
)
# Positions in a row of the data sheet.
OFFICE, AMOUNT, STATE, REASON, BILL = 0, 6, 9, 10, 11


def reason_sql(report):
    """SQL of why ``message`` did not arrive: the reason it was skipped for, or what WhatsApp's
    code means, in the language of ``report``, as the message itself says it."""
    return SQL(
        """
        CASE message.state
             WHEN 'skipped' THEN message.skip_reason
             WHEN 'failed' THEN COALESCE(
                  -- Code 0 cannot be told from none.
                  (SELECT %(meaning)s FROM discom_whatsapp_error error
                    WHERE message.error_code <> 0
                      AND message.error_code BETWEEN error.code AND error.last_code LIMIT 1),
                  NULLIF(message.error_text, ''), NULLIF(message.error_code, 0)::text) END
        """,
        meaning=report._sql_name("error", "meaning", "meaning_hi"),
    )


class DiscomBillDeliveryRegister(models.TransientModel):
    """The bill run of a month: which bills were issued, which are held back and why, which reached
    whom on WhatsApp, and why not."""

    _name = "discom.bill.delivery.register"
    _description = "Bill run and delivery register"
    _inherit = ["discom.report.month"]

    _report_model = "discom.bill"
    _report_scheduled = True

    def _report_title(self):
        return self.env._("Bill run and delivery register")

    def _report_domain(self):
        return self._month_domain() & Domain("state", "!=", "cancelled")

    def _report_query(self):
        return SQL(
            """
            SELECT bill.office_id, bill.account_no, %(name)s, %(village)s, bill.name,
                   bill.due_date, bill.amount_total,
                   COALESCE(message.phone, partner.discom_whatsapp_number),
                   message.sent_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata',
                   message.state, %(reason)s,
                   CASE WHEN bill.is_held THEN 'is_held'
                        WHEN bill.state IN %(live)s THEN 'issued' ELSE bill.state END,
                   CASE WHEN bill.is_held THEN (
                        SELECT string_agg(%(check_name)s, ', ' ORDER BY finding.id)
                          FROM discom_bill_finding finding
                          JOIN discom_bill_check rule ON rule.id = finding.check_id
                         WHERE finding.bill_id = bill.id AND finding.state = 'open'
                           AND finding.level = 'error') END
              FROM discom_bill bill
              JOIN res_partner partner ON partner.id = bill.partner_id
              LEFT JOIN discom_office office ON office.id = bill.office_id
              LEFT JOIN LATERAL (%(message)s) message ON TRUE
             WHERE bill.id IN %(bills)s
             ORDER BY office.parent_path, partner.discom_village, bill.account_no
            """,
            name=self._sql_consumer("partner"),
            village=self._sql_village("partner"),
            reason=reason_sql(self),
            live=LIVE_STATES,
            check_name=self._sql_name("rule"),
            message=MESSAGE_SQL,
            bills=self.env["discom.bill"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        states = self._state_labels()
        bill_states = self._field_labels("discom.bill", "state")
        return [
            Column(
                self.env._("Sub-division"),
                width=16,
                labels=self._office_labels("subdivision"),
                empty="–",
            ),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Name"), width=16),
            Column(self.env._("Village or ward"), width=14),
            Column(self.env._("Bill number"), width=13),
            Column(self.env._("Due date"), "date", 10.5),
            Column(self.env._("Payable by due date (₹)"), "money", 13, total=True),
            Column(self.env._("WhatsApp number"), width=17, convert=mask),
            Column(self.env._("Sent"), "datetime", 16),
            Column(
                self.env._("Message"),
                width=13,
                labels=Labels({state: states[group] for state, group in STATE_GROUPS.items()}),
                empty=states["none"],
            ),
            Column(
                self.env._("Reason"),
                width=24,
                labels=self._field_labels("discom.whatsapp.message", "skip_reason"),
            ),
            Column(
                self.env._("Bill"),
                width=10,
                labels=Labels({**bill_states, "is_held": self.env._("Held back")}),
            ),
            Column(self.env._("Held back because"), width=18),
        ]

    def _report_tables(self):
        states = self._state_labels()
        issued = self._field_labels("discom.bill", "state")["issued"]
        held = self.env._("Held back")
        office = self.env._("Sub-division")
        skipped = self.env["discom.whatsapp.message"]._fields["skip_reason"]
        bills = Measure(self.env._("Bills"))
        amount = Measure(self.env._("Payable by due date (₹)"), summed=AMOUNT)
        return [
            Table(
                self.env._("Bills by sub-division"),
                (OFFICE,),
                (office,),
                (
                    bills,
                    amount,
                    *(Measure(states[group], ((STATE, states[group]),)) for group in GROUPS),
                    # Read and delivered, of all bills.
                    Measure(self.env._("Reached"), share=((2, 3), 0)),
                ),
                Chart(tuple(range(2, 2 + len(GROUPS)))),
            ),
            Table(
                self.env._("Bill run by sub-division"),
                (OFFICE,),
                (office,),
                (bills, amount, *(Measure(text, ((BILL, text),)) for text in (issued, held))),
                Chart((2, 3)),
            ),
            Table(
                self.env._("Skipped, by reason"),
                (OFFICE,),
                (office,),
                tuple(
                    Measure(text, ((STATE, states["skipped"]), (REASON, text)))
                    for _reason, text in skipped._description_selection(self.env)
                ),
                sparse=True,
            ),
            Table(
                self.env._("By message and reason"),
                (STATE, REASON),
                (self.env._("Message"), self.env._("Reason")),
                (bills, amount),
                order=[states[group] for group in GROUPS],
            ),
        ]

    def _state_labels(self):
        return {
            "read": self.env._("Read"),
            "delivered": self.env._("Delivered, not read"),
            "sent": self.env._("Sent, not delivered"),
            "waiting": self.env._("Waiting"),
            "failed": self.env._("Failed"),
            "skipped": self.env._("Skipped"),
            "none": self.env._("Not sent"),
        }
