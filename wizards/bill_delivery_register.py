from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..models.bill import LIVE_STATES
from ..tools.phone import mask
from ..tools.xlsx import Column, Measure

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
    None: "none",
}
GROUPS = ("read", "delivered", "sent", "waiting", "failed", "skipped", "none")
# Positions in a row of the data sheet.
OFFICE, AMOUNT, STATE, REASON = 0, 6, 9, 10


class DiscomBillDeliveryRegister(models.TransientModel):
    """Which bills reached whom on WhatsApp, and why not: by sub-division, then bill by bill."""

    _name = "discom.bill.delivery.register"
    _description = "Bill delivery register"
    _inherit = ["discom.report.mixin"]

    _report_model = "discom.bill"

    period = fields.Date(
        "Billing month",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
        help="Any day of the month.",
    )

    def _report_params(self):
        return {**super()._report_params(), "period": fields.Date.to_string(self._month())}

    def _report_title(self):
        return self.env._("Bill delivery register")

    def _report_filename(self):
        if self._selected_domain() is not None:
            return self._report_title()
        return f"{self._report_title()} {self._month():%Y-%m}"

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            domain = Domain("period", "=", self._month()) & Domain("state", "in", LIVE_STATES)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        return domain

    def _report_facts(self):
        facts = super()._report_facts()
        if self._selected_domain() is None:
            month = format_date(self.env, self._month(), date_format="MMMM y")
            facts.append((self.env._("Billing month"), month))
        return facts

    def _report_totals(self):
        # In one snapshot with the rows: the transaction sees the database as at its start.
        return self.env["discom.bill"]._read_group(
            self._report_domain(), [], ["__count", "amount_total:sum"]
        )[0]

    def _report_query(self):
        # A bill that was sent and then skipped as a repetition counts as sent.
        self.env.flush_all()
        return SQL(
            """
            SELECT bill.office_id, bill.account_no, partner.name, partner.discom_name_hi,
                   partner.discom_village, bill.name, bill.amount_total, bill.due_date,
                   COALESCE(message.phone, partner.discom_whatsapp_number),
                   message.state, message.skip_reason, message.error_text, message.error_code,
                   message.sent_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata'
              FROM discom_bill bill
              JOIN res_partner partner ON partner.id = bill.partner_id
              LEFT JOIN discom_office office ON office.id = bill.office_id
              LEFT JOIN LATERAL (
                    SELECT * FROM discom_whatsapp_message about
                     WHERE about.res_model = 'discom.bill'
                       AND about.res_id = bill.id
                       AND about.direction = 'out'
                       AND about.purpose = 'bill'
                     ORDER BY about.state IN ('skipped', 'cancelled'), about.id DESC
                     LIMIT 1
              ) message ON TRUE
             WHERE bill.id IN %s
             ORDER BY office.parent_path, partner.discom_village, bill.account_no
            """,
            self.env["discom.bill"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self, totals):
        return [
            Column(self.env._("Sub-division"), width=20),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Name"), width=22),
            Column(self.env._("Village or ward"), width=16),
            Column(self.env._("Bill number"), width=13),
            Column(self.env._("Due date"), "date", 11),
            Column(self.env._("Payable by due date (₹)"), "money", 14, total=totals[1] or 0),
            Column(self.env._("WhatsApp number"), width=18),
            Column(self.env._("Sent"), "datetime", 16),
            Column(self.env._("Message"), width=18),
            Column(self.env._("Reason"), width=26),
        ]

    def _prepare_context(self):
        """What every row needs and no row should look up."""
        fields_of = self.env["discom.whatsapp.message"]._fields
        return {
            "offices": self._subdivision_names(),
            "states": self._state_labels(),
            "reasons": dict(fields_of["skip_reason"]._description_selection(self.env)),
            "hindi": self.lang.startswith("hi"),
        }

    def _prepare_row(self, row, context, groups):
        (
            office_id,
            account,
            name,
            name_hi,
            village,
            bill,
            amount,
            due,
            phone,
            state,
            skip_reason,
            error,
            error_code,
            sent_at,
        ) = row
        group = STATE_GROUPS[state]
        office = context["offices"].get(office_id, "–")
        reason = None
        if group == "skipped":
            reason = context["reasons"].get(skip_reason, skip_reason)
        elif group == "failed":
            reason = error or str(error_code or "")
        totals = groups.setdefault(office, {"bills": 0, "amount": 0, "skips": {}})
        totals["bills"] += 1
        totals["amount"] += amount or 0
        totals[group] = totals.get(group, 0) + 1
        if group == "skipped":
            totals["skips"][reason] = totals["skips"].get(reason, 0) + 1
        return [
            office,
            account,
            (context["hindi"] and name_hi) or name,
            village,
            bill,
            due,
            amount,
            mask(phone),
            sent_at,
            context["states"][group],
            reason,
        ]

    def _write_summaries(self, book, context, groups):
        states = context["states"]
        measures = [
            Measure(self.env._("Bills")),
            Measure(self.env._("Payable by due date (₹)"), summed=AMOUNT),
            *(Measure(states[group], column=STATE, value=states[group]) for group in GROUPS),
            # Read and delivered, of all bills.
            Measure(self.env._("Reached"), share=((2, 3), 0)),
        ]
        rows = {
            office: [
                totals["bills"],
                totals["amount"],
                *(totals.get(group, 0) for group in GROUPS),
                (totals.get("read", 0) + totals.get("delivered", 0)) / totals["bills"],
            ]
            for office, totals in groups.items()
        }
        title = self.env._("Bills by sub-division")
        header = self.env._("Sub-division")
        book.add_summary(title, OFFICE, header, rows, measures, chart=range(2, 2 + len(GROUPS)))
        reasons = sorted({reason for totals in groups.values() for reason in totals["skips"]})
        if reasons:
            book.add_summary(
                self.env._("Skipped, by reason"),
                OFFICE,
                header,
                {
                    office: [totals["skips"].get(reason, 0) for reason in reasons]
                    for office, totals in groups.items()
                    if totals["skips"]
                },
                [Measure(reason, column=REASON, value=reason) for reason in reasons],
            )

    def _month(self):
        return self.period.replace(day=1)

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

    def _subdivision_names(self):
        """Name of the sub-division at or above each office: ``{office id: name}``."""
        # sudo: names above the user's own offices.
        offices = self.env["discom.office"].sudo().with_context(active_test=False)
        offices = offices.search([("company_id", "in", self.env.user.company_ids.ids)])
        by_id = {office.id: office for office in offices}
        names = {}
        for office in offices:
            above = [by_id[id_] for id_ in office._path_ids(office.parent_path) if id_ in by_id]
            subdivision = [node for node in above if node.level == "subdivision"]
            names[office.id] = self._office_name(subdivision[-1] if subdivision else office)
        return names
