from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.bill import LIVE_STATES
from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table
from .bill_delivery_register import MESSAGE_SQL, reason_sql

# Message states that spare the walk, or may still do so.
ON_THEIR_WAY = ("read", "delivered", "queued", "in_flight", "unknown")
# Nor those whose bill is named in another message.
NO_WALK = ("combined", "duplicate", "not_applicable")
# Positions in a row of the data sheet.
OFFICE, LINEMAN, BOOK, VILLAGE, AMOUNT, REASON = 0, 1, 2, 3, 10, 12


class DiscomDoorList(models.TransientModel):
    """Bills that WhatsApp does not deliver, to be carried to the door: by lineman, book and
    village, so that staff walk only to these."""

    _name = "discom.door.list"
    _inherit = ["discom.report.month"]
    _description = "Door-delivery list"

    _report_model = "discom.bill"
    _report_kinds = ("address",)
    _report_scheduled = True

    def _report_title(self):
        return self.env._("Door-delivery list")

    def _nothing_text(self):
        return self.env._("WhatsApp reaches all of these bills: nobody has to walk.")

    def _report_domain(self):
        return self._month_domain() & Domain("state", "in", LIVE_STATES)

    def _report_count(self):
        return self.env.execute_query(
            SQL("SELECT count(*) FROM (%s) AS line", self._report_query())
        )[0][0]

    def _report_query(self):
        self.env.flush_all()
        return SQL(
            """
            SELECT bill.office_id, lineman.name, partner.discom_book_no, %(village)s,
                   bill.account_no, %(name)s, partner.discom_guardian_name,
                   %(address)s,
                   bill.meter_no, bill.name, bill.amount_total, bill.due_date,
                   COALESCE(%(reason)s, CASE WHEN message.id IS NULL THEN 'none' ELSE 'sent' END),
                   NULL, NULL
              FROM discom_bill bill
              JOIN res_partner partner ON partner.id = bill.partner_id
              LEFT JOIN discom_office office ON office.id = bill.office_id
              LEFT JOIN LATERAL (%(message)s) message ON TRUE
              LEFT JOIN LATERAL (
                    SELECT contact.name
                      FROM discom_outage_contact contact
                      JOIN discom_office at ON at.id = contact.office_id
                     WHERE contact.role = 'lineman' AND contact.active
                       AND lower(contact.village) = lower(partner.discom_village)
                       AND starts_with(office.parent_path, at.parent_path)
                     ORDER BY length(at.parent_path) DESC, contact.id
                     LIMIT 1
              ) lineman ON TRUE
             WHERE bill.id IN %(bills)s
               AND COALESCE(message.state, 'none') NOT IN %(on_their_way)s
               AND COALESCE(message.skip_reason, '') NOT IN %(no_walk)s
             ORDER BY office.parent_path, lineman.name, partner.discom_book_no,
                      partner.discom_village, bill.account_no
            """,
            address=self._report_address("partner"),
            name=self._sql_consumer("partner"),
            village=self._sql_village("partner"),
            reason=reason_sql(self),
            message=MESSAGE_SQL,
            bills=self.env["discom.bill"]._search(self._report_domain()).subselect(),
            on_their_way=ON_THEIR_WAY,
            no_walk=NO_WALK,
        )

    def _report_columns(self):
        reasons = self._field_labels("discom.whatsapp.message", "skip_reason")
        return [
            Column(
                self.env._("Sub-division"),
                width=16,
                labels=self._office_labels("subdivision"),
                empty="–",
            ),
            Column(self.env._("Lineman"), width=13, empty="–"),
            Column(self.env._("Book"), width=8, empty="–"),
            Column(self.env._("Village or ward"), width=14, empty="–"),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Name"), width=15),
            Column(self.env._("Guardian"), width=13),
            Column(self.env._("Address"), width=18),
            Column(self.env._("Meter"), width=12),
            Column(self.env._("Bill number"), width=13),
            Column(self.env._("Payable by due date (₹)"), "money", 12, total=True),
            Column(self.env._("Due date"), "date", 10.5),
            Column(
                self.env._("Why not on WhatsApp"),
                width=18,
                labels=Labels(
                    {
                        **reasons,
                        "none": self.env._("Not sent"),
                        "sent": self.env._("Sent, not delivered"),
                    }
                ),
            ),
            # Filled in with a pen at the door.
            Column(self.env._("WhatsApp number, if given"), width=14, pen=True),
            Column(self.env._("Date and signature"), width=16, pen=True),
        ]

    def _report_tables(self):
        measures = (
            Measure(self.env._("Bills")),
            Measure(self.env._("Payable by due date (₹)"), summed=AMOUNT),
        )
        office, lineman = self.env._("Sub-division"), self.env._("Lineman")
        return [
            Table(
                self.env._("By lineman"),
                (OFFICE, LINEMAN),
                (office, lineman),
                measures,
                Chart((0,), "bar", 15, key=1),
            ),
            Table(
                self.env._("By reason"),
                (REASON,),
                (self.env._("Why not on WhatsApp"),),
                measures,
                Chart((0,), "bar"),
                order=0,
            ),
            Table(
                self.env._("By book and village"),
                (LINEMAN, BOOK, VILLAGE),
                (lineman, self.env._("Book"), self.env._("Village or ward")),
                measures,
                order="name",
            ),
        ]
