import logging
import string

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, split_every

from .bill import EDITABLE_STATES

_logger = logging.getLogger(__name__)

# Bills that are evaluated in one statement: some megabytes, about a second.
CHECK_BATCH = 20_000
PLACEHOLDERS = {"found", "expected", "detail"}


class DiscomBillCheck(models.Model):
    """A check that every bill passes before it is issued.

    The record holds what a division decides: whether the check is made, how serious a finding is,
    its tolerances and what people read. What it looks for is its rule, the method
    ``_rule_<code>`` of this model (see ``bill_check_rules.py``). A bill with an open finding of
    level *error* is held back as a draft until it is corrected or released with a reason.
    """

    _name = "discom.bill.check"
    _description = "Bill Check"
    _order = "sequence, code"

    code = fields.Char(required=True, help="Names the rule that the check follows.")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    name_hi = fields.Char("Name in Hindi", required=True)
    level = fields.Selection(
        [("error", "Error: holds the bill back"), ("warning", "Warning"), ("info", "Information")],
        required=True,
        default="error",
    )
    text = fields.Text(
        required=True,
        help="What a finding says. {found}, {expected} and {detail} stand for its values.",
    )
    text_hi = fields.Text("Text in Hindi", required=True)
    unit = fields.Selection(
        [
            ("amount", "Rupees"),
            ("units", "Units a month"),
            ("days", "Days"),
            ("months", "Months"),
            ("percent", "Per cent"),
        ],
        help="What the values of a finding are counted in.",
    )
    limit_amount = fields.Float("Tolerance (₹)", digits=(12, 2))
    limit_percent = fields.Float("Tolerance (%)", digits=(5, 2))
    limit_ratio = fields.Float(
        "At Most, Times the Average", digits=(5, 2), help="Zero: no upper bound."
    )
    limit_ratio_low = fields.Float(
        "At Least, Times the Average", digits=(5, 2), help="Zero: no lower bound."
    )
    limit_units = fields.Float("Smallest Difference (Units a Month)", digits=(12, 2))
    limit_months = fields.Integer("Months")
    limit_days = fields.Integer("Days")
    limits = fields.Char(compute="_compute_limits")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "There is a check with this code already. Change that one."
    )
    _limits_positive = models.Constraint(
        "CHECK (limit_amount >= 0 AND limit_percent >= 0 AND limit_ratio >= 0"
        " AND limit_ratio_low >= 0 AND limit_units >= 0 AND limit_months >= 0"
        " AND limit_days >= 0)",
        "A tolerance cannot be negative. Enter 0 or more.",
    )

    @api.model
    def _rule_limits(self):
        """Which tolerances each rule knows: {code: names of fields}; the form shows these."""
        return {}

    @api.depends("code")
    def _compute_limits(self):
        known = self._rule_limits()
        for check in self:
            check.limits = ",".join(known.get(check.code, ()))

    @api.constrains("code")
    def _check_code(self):
        for check in self:
            if not hasattr(self, f"_rule_{check.code}"):
                raise ValidationError(
                    self.env._("There is no rule for the check “%(code)s”.", code=check.code)
                )

    @api.constrains("text", "text_hi")
    def _check_texts(self):
        for check in self:
            for text in (check.text, check.text_hi):
                try:
                    names = {name for _text, name, *_rest in string.Formatter().parse(text) if name}
                except ValueError:
                    names = {"{"}
                if names - PLACEHOLDERS:
                    raise ValidationError(
                        self.env._(
                            "The texts of “%(check)s” may use {found}, {expected} and {detail} "
                            "and no other braces.",
                            check=check.name,
                        )
                    )

    @api.depends("name", "name_hi")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for check in self:
            check.display_name = (check.name_hi if hindi else None) or check.name

    # === EVALUATION === #

    @api.model
    def _findings_of(self, bill_ids):
        """Evaluate all active checks on bills that may still be corrected.

        :param bill_ids: list of ids, no more than ``CHECK_BATCH``
        :return: rows of (bill id, check id, level, found, expected, detail), at most one for each
            bill and check
        """
        rules, rows = [], []
        for check in self.search([]):  # pylint: disable=no-search-all
            rule = getattr(check, f"_rule_{check.code}", None)
            if rule is None:
                _logger.warning("Bill check %s has no rule", check.code)
                continue
            result = rule(bill_ids)
            if isinstance(result, SQL):
                rules.append(
                    SQL(
                        "SELECT %s AS check_id, %s AS level, rule.*"
                        " FROM (%s) rule (bill_id, found, expected, detail)",
                        check.id,
                        check.level,
                        result,
                    )
                )
            else:
                rows += [
                    (bill, check.id, check.level, found, expected, detail)
                    for bill, found, expected, detail in result
                ]
        if rules:
            rows += self.env.execute_query(
                SQL(
                    """
                    WITH bill AS MATERIALIZED (
                        SELECT own.*, COALESCE(charge.amount, 0) AS charges,
                               COALESCE(charge.count, 0) AS line_count,
                               COALESCE(own.amount_arrears, 0) AS arrears,
                               COALESCE(own.amount_lpsc, 0) AS lpsc,
                               COALESCE(own.amount_total, 0) AS total,
                               COALESCE(own.amount_after_due, 0) AS after_due,
                               COALESCE(own.units, 0) / own.months AS monthly
                          FROM discom_bill own
             LEFT JOIN LATERAL (SELECT sum(amount) AS amount, count(*) AS count
                                  FROM discom_bill_line
                                 WHERE bill_id = own.id) charge ON TRUE
                         WHERE own.id = ANY(%s) AND own.state IN %s
                    )
                    SELECT DISTINCT ON (bill_id, check_id) bill_id, check_id, level,
                           round(found::numeric, 2), round(expected::numeric, 2), detail
                      FROM (%s) rules
                  ORDER BY bill_id, check_id, detail
                    """,
                    list(bill_ids),
                    EDITABLE_STATES,
                    SQL(" UNION ALL ").join(rules),
                )
            )
        return rows


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    is_held = fields.Boolean(
        "Held Back",
        readonly=True,
        copy=False,
        help="A check found an error that nobody has released yet.",
    )
    author_id = fields.Many2one(
        "res.users",
        "Entered By",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
        help="Who entered, imported or last changed the bill; somebody else releases it.",
    )
    finding_ids = fields.One2many("discom.bill.finding", "bill_id", "Findings")
    finding_text = fields.Text("Findings of the Checks", compute="_compute_finding_text")

    _held_idx = models.Index("(period DESC, id DESC) WHERE is_held IS TRUE")

    @api.depends("finding_ids.state", "finding_ids.text")
    @api.depends_context("lang")
    def _compute_finding_text(self):
        findings = self.env["discom.bill.finding"].search(
            [("bill_id", "in", self.ids), ("state", "=", "open")]
        )
        by_bill = findings.grouped("bill_id")
        for bill in self:
            bill.finding_text = "\n".join(
                by_bill.get(bill._origin, findings.browse()).mapped("text")
            )

    def _evaluate_checks(self):
        """Check drafts and checked bills: those without an open error are checked, the others
        held back as drafts. What a former check found and this one does not is kept as settled.
        """
        self.env.flush_all()
        findings = self.env["discom.bill.finding"]
        for ids in split_every(CHECK_BATCH, self.ids):
            findings._record(ids, self.env["discom.bill.check"]._findings_of(ids))
            self.browse(ids)._apply_findings()

    def _apply_findings(self):
        """Bring state and ``is_held`` of drafts and checked bills into line with their findings."""
        self.env["discom.bill.finding"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill bill
                   SET state = CASE WHEN verdict.held THEN 'draft' ELSE 'checked' END,
                       is_held = verdict.held,
                       write_uid = %(uid)s, write_date = NOW() AT TIME ZONE 'UTC'
                  FROM (SELECT own.id, EXISTS (
                                   SELECT FROM discom_bill_finding finding
                                    WHERE finding.bill_id = own.id AND finding.state = 'open'
                                      AND finding.level = 'error') AS held
                          FROM discom_bill own
                         WHERE own.id = ANY(%(ids)s) AND own.state IN %(editable)s) verdict
                 WHERE bill.id = verdict.id
                   AND (bill.state, COALESCE(bill.is_held, FALSE)) IS DISTINCT FROM
                       (CASE WHEN verdict.held THEN 'draft' ELSE 'checked' END, verdict.held)
                """,
                uid=self.env.uid,
                ids=list(self.ids),
                editable=EDITABLE_STATES,
            )
        )
        self.invalidate_recordset(["state", "is_held", "write_uid", "write_date"])
