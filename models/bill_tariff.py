from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date

from ..tools.tariff_book import Book, Value, decimal_of

DAY = relativedelta(days=1)


class DiscomTariff(models.Model):
    """Rate schedule of a tariff order: what each kind of supply costs between two days.

    A schedule is prepared as a draft; bills use it once it is in force. The next order is a copy
    (*Supersede*), which ends its predecessor when it comes into force.
    """

    _name = "discom.tariff"
    _description = "Tariff Schedule"
    _inherit = ["discom.tariff.dated"]
    _order = "date_from desc, id desc"

    name = fields.Char(required=True, translate=True, tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("force", "In force")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    active = fields.Boolean(default=True, tracking=True)
    rate_ids = fields.One2many("discom.tariff.rate", "tariff_id", "Rates", copy=True)
    supersedes_id = fields.Many2one(
        "discom.tariff", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    rate_count = fields.Integer(compute="_compute_counts")
    unverified_count = fields.Integer(compute="_compute_counts")
    is_used = fields.Boolean("Bills Issued", compute="_compute_is_used")

    @api.depends("rate_ids.verified", "rate_ids.slab_ids.verified")
    def _compute_counts(self):
        for tariff in self:
            tariff.rate_count = len(tariff.rate_ids)
            tariff.unverified_count = len(
                tariff.rate_ids.filtered(lambda rate: not rate.all_verified)
            )

    def _compute_is_used(self):
        used = self._billed_until()
        for tariff in self:
            tariff.is_used = tariff.id in used

    @api.constrains("date_from", "date_to", "state", "active", "company_id")
    def _check_overlap(self):
        """Two schedules in force never hold for the same supply on the same day."""
        self.env["discom.tariff"].flush_model()
        self.env["discom.tariff.rate"].flush_model()
        row = self.env.execute_query(
            SQL(
                """
                SELECT mine.id, other.id, rate.id
                  FROM discom_tariff mine
                  JOIN discom_tariff_rate rate ON rate.tariff_id = mine.id
                  JOIN discom_tariff_rate twin
                    ON twin.category_id = rate.category_id AND twin.tariff_id <> mine.id
                   AND twin.area IS NOT DISTINCT FROM rate.area
                   AND COALESCE(twin.lifeline, FALSE) = COALESCE(rate.lifeline, FALSE)
                   AND COALESCE(twin.metered, FALSE) = COALESCE(rate.metered, FALSE)
                  JOIN discom_tariff other
                    ON other.id = twin.tariff_id AND other.state = 'force' AND other.active
                   AND (other.company_id IS NULL OR mine.company_id IS NULL
                        OR other.company_id = mine.company_id)
                   AND daterange(other.date_from, other.date_to, '[]')
                       && daterange(mine.date_from, mine.date_to, '[]')
                 WHERE mine.id = ANY(%s) AND mine.state = 'force' AND mine.active
                 LIMIT 1
                """,
                list(self.ids),
            )
        )
        if row:
            mine, other, rate = row[0]
            raise ValidationError(
                self.env._(
                    "“%(mine)s” and “%(other)s” would both hold for %(supply)s. End the earlier "
                    "one before the later one begins.",
                    mine=self.browse(mine).name,
                    other=self.browse(other).name,
                    supply=self.env["discom.tariff.rate"].browse(rate).display_name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        if any(tariff.state == "force" for tariff in self):
            raise UserError(
                self.env._(
                    "The tariff schedule “%(name)s” is in force and cannot be deleted. "
                    "Archive it instead.",
                    name=self.filtered(lambda tariff: tariff.state == "force")[0].name,
                )
            )

    # === ACTIONS === #

    def action_confirm(self):
        """Bring drafts into force; a schedule that one supersedes ends the day before."""
        for tariff in self.filtered(lambda rec: rec.state == "draft"):
            tariff._check_complete()
            former = tariff.supersedes_id
            last = tariff.date_from - DAY
            if former and (not former.date_to or former.date_to > last):
                if former.date_from > last:
                    raise UserError(
                        self.env._(
                            "%(name)s must begin after %(day)s, the first day of what it "
                            "supersedes.",
                            name=tariff.name,
                            day=format_date(self.env, former.date_from),
                        )
                    )
                former.date_to = last
            tariff.state = "force"
        return True

    def action_supersede(self):
        """Open a draft with the same rates that is to follow this schedule; its rates are to be
        verified anew."""
        self.ensure_one()
        today = self.env["discom.bill"]._today()
        copy = self.copy(
            {
                "name": self.env._("After %(name)s", name=self.name),
                "supersedes_id": self.id,
                "date_from": max(today, self.date_from) + relativedelta(day=1, months=1),
                "date_to": False,
                "source": False,
            }
        )
        copy.rate_ids.write({"verified": False, "source": False})
        copy.rate_ids.slab_ids.write({"verified": False, "source": False})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": copy.id,
            "view_mode": "form",
        }

    def action_open_bills(self):
        """Show the bills made out by this schedule."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_bill_action")
        action["domain"] = [("tariff_id", "=", self.id)]
        action["context"] = {}
        return action

    def _check_complete(self):
        """:raise UserError: where a schedule cannot be billed by"""
        self.ensure_one()
        if not self.rate_ids:
            raise UserError(self.env._("Add the rates of “%(name)s” first.", name=self.name))
        for rate in self.rate_ids:
            if rate.metered and not any(not slab.upto for slab in rate.slab_ids):
                raise UserError(
                    self.env._(
                        "%(rate)s lacks the price of the last units: a slab without upper limit.",
                        rate=rate.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _book(self, company):
        """Everything in force for a company, as plain data; a handful of queries however many bills
        it is used for.

        :return: :class:`~odoo.addons.discom.tools.tariff_book.Book`
        """
        domain = [("company_id", "in", [company.id, False])]
        # sudo: bills are made out alike by whoever may make them out.
        tariffs = self.sudo().search([*domain, ("state", "=", "force")])
        rates = []
        for rate in tariffs.rate_ids:
            key = (rate.category_id.id, rate.area or None, rate.lifeline, rate.metered)
            rates.append((key, rate._plain()))
        values = []
        # sudo: bills are made out alike by whoever may make them out.
        for row in self.env["discom.tariff.value"].sudo().search(domain):
            plain = Value(
                row.date_from,
                row.date_to or None,
                decimal_of(row.value),
                row.base,
                row.verified,
            )
            values.append((row.kind, row.category_id.id or None, plain))
        return Book(rates, values)
