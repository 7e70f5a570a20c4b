from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang


class DiscomBillFinding(models.Model):
    """What a check found on a bill.

    A finding stays open until the bill is right, or somebody else than its author releases it
    with a reason. It is never deleted: who found what, and who let it pass, can be read later.
    """

    _name = "discom.bill.finding"
    _description = "Finding of a Bill Check"
    _order = "id desc"
    _log_access = False
    _rec_name = "check_id"

    bill_id = fields.Many2one("discom.bill", required=True, readonly=True, ondelete="cascade")
    check_id = fields.Many2one("discom.bill.check", required=True, readonly=True)
    level = fields.Selection(
        [("error", "Error"), ("warning", "Warning"), ("info", "Information")],
        required=True,
        readonly=True,
    )
    found = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    expected = fields.Float(digits=(16, 2), readonly=True, aggregator=None)
    detail = fields.Char(readonly=True)
    text = fields.Char("Finding", compute="_compute_text")
    state = fields.Selection(
        [("open", "Open"), ("released", "Released"), ("settled", "Settled")],
        required=True,
        readonly=True,
        help="Settled: a later check does not find it any more.",
    )
    date = fields.Datetime("Found On", readonly=True)
    user_id = fields.Many2one("res.users", "Checked By", readonly=True)
    release_id = fields.Many2one(
        "discom.bill.release", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    settled_date = fields.Datetime("Settled On", readonly=True)
    partner_id = fields.Many2one(related="bill_id.partner_id")
    office_id = fields.Many2one(related="bill_id.office_id")

    _live_uniq = models.UniqueIndex("(bill_id, check_id) WHERE state <> 'settled'")
    _bill_idx = models.Index("(bill_id)")
    _check_state_idx = models.Index("(check_id, state)")

    @api.depends("check_id", "found", "expected", "detail")
    @api.depends_context("lang")
    def _compute_text(self):
        hindi = (self.env.lang or "").startswith("hi")
        for finding in self:
            check = finding.check_id
            text = (check.text_hi if hindi else check.text) or ""
            finding.text = text.format(
                found=finding._value_text(finding.found),
                expected=finding._value_text(finding.expected),
                detail=finding.detail or "",
            )

    def _value_text(self, value):
        unit = self.check_id.unit
        if unit == "amount":
            return formatLang(self.env, value, currency_obj=self.bill_id.currency_id)
        digits = 0 if unit in ("days", "months", "units") else 2
        return formatLang(self.env, value, digits=digits)

    def action_open_bill(self):
        """Open the bill on which it was found."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "discom.bill",
            "res_id": self.bill_id.id,
            "views": [(False, "form")],
        }

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("Findings are made by the checks of bills alone. Choose Check on the bill.")
        )

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._(
                "Findings are made by the checks of bills and cannot be changed. "
                "Correct the bill, or release it with the reason."
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(
            self.env._(
                "Findings are kept: they say why a bill was held back. Correct the "
                "bill, or release it with the reason."
            )
        )

    @api.model
    def _record(self, bill_ids, rows):
        """Store what a check of these bills found.

        What stood open or released and was found again with the same values stays as it is; what
        was not found again is settled; the rest is new. Days that go by make no other finding of
        one that was released.

        :param rows: as ``discom.bill.check._findings_of`` returns them
        """
        checks = self.env["discom.bill.check"]
        by_day = checks.search([("code", "in", list(checks._rules_by_day()))]).ids
        live = {
            (bill, check, level, found, expected, detail): finding
            for finding, bill, check, level, found, expected, detail in self.env.execute_query(
                SQL(
                    """
                    SELECT id, bill_id, check_id, level,
                           CASE WHEN state <> 'released' OR check_id <> ALL(%s) THEN found END,
                           expected, detail
                      FROM discom_bill_finding
                     WHERE bill_id = ANY(%s) AND state <> 'settled'
                    """,
                    by_day,
                    list(bill_ids),
                )
            )
        }
        new = []
        for row in rows:
            bill, check, level, _found, *rest = row
            known = live.pop(tuple(row), None)
            if not known and check in by_day:
                known = live.pop((bill, check, level, None, *rest), None)
            if not known:
                new.append(row)
        now = fields.Datetime.now()
        if live:
            self.env.cr.execute(
                SQL(
                    "UPDATE discom_bill_finding SET state = 'settled', settled_date = %s"
                    " WHERE id = ANY(%s)",
                    now,
                    list(live.values()),
                )
            )
        if new:
            self.env.cr.execute_values(
                """
                INSERT INTO discom_bill_finding
                       (bill_id, check_id, level, found, expected, detail, state, date, user_id)
                VALUES %s
                """,
                [(*row, "open", now, self.env.uid) for row in new],
                page_size=1000,
            )
        self.invalidate_model()
