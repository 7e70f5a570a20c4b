from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools import formats

# Bills worked on in one go: some megabytes of plain tuples.
CHARGE_BATCH = 5_000


class DiscomBill(models.Model):
    """What a bill that is made out from readings knows, and the button that makes it out.

    The connection is copied to the bill as it was billed; later changes of the consumer leave it.
    """

    _inherit = "discom.bill"

    sanctioned_load = fields.Float(
        digits=(12, 2),
        compute="_compute_supply",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
    )
    load_unit = fields.Selection(
        [("kw", "kW"), ("kva", "kVA"), ("bhp", "BHP")],
        compute="_compute_supply",
        store=True,
        readonly=False,
        precompute=True,
    )
    area = fields.Selection(
        [("urban", "Urban"), ("rural", "Rural")],
        compute="_compute_supply",
        store=True,
        readonly=False,
        precompute=True,
    )
    lifeline = fields.Boolean(
        compute="_compute_supply", store=True, readonly=False, precompute=True
    )
    unmetered = fields.Boolean(
        "Un-metered", compute="_compute_supply", store=True, readonly=False, precompute=True
    )
    meter_multiplier = fields.Float(
        "Multiplying Factor",
        digits=(12, 3),
        compute="_compute_supply",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        help="Units are the difference of the readings times this.",
    )
    reading_kvah_previous = fields.Float("Previous kVAh", digits=(12, 2), aggregator=None)
    reading_kvah_current = fields.Float("Present kVAh", digits=(12, 2), aggregator=None)
    units_kvah = fields.Float(
        "Units (kVAh)", digits=(12, 2), help="Charged instead of kWh from a certain load on."
    )
    reading_remark = fields.Char("Meter Reader's Remark")
    meter_changed = fields.Boolean(
        help="The meter was replaced between the readings, or ran over its last digit (final "
        "reading 1,00,000, first reading 0)."
    )
    reading_final = fields.Float("Last Reading of the Old Meter", digits=(12, 2), aggregator=None)
    reading_initial = fields.Float(
        "First Reading of the New Meter", digits=(12, 2), aggregator=None
    )
    charge_from = fields.Date("Charged From", readonly=True, help="First day charged for.")
    charge_to = fields.Date("Charged Until", readonly=True, help="Last day charged for.")
    tariff_id = fields.Many2one(
        "discom.tariff",
        readonly=True,
        ondelete="restrict",
        help="Schedule that the charges were made out by; empty for an imported bill.",
    )
    tariff_unverified = fields.Boolean(
        "Unverified Rates",
        readonly=True,
        help="A rate used was not yet compared with the order it comes from.",
    )
    tariff_notes = fields.Json(readonly=True)
    tariff_note = fields.Text("How It Was Made Out", compute="_compute_tariff_note")

    # Serves the question by which rates bills were issued.
    _tariff_charge_idx = models.Index("(charge_to) WHERE tariff_id IS NOT NULL")
    _tariff_idx = models.Index("(tariff_id) WHERE tariff_id IS NOT NULL")
    _unverified_idx = models.Index("(period DESC, id DESC) WHERE tariff_unverified IS TRUE")

    @api.depends("partner_id")
    def _compute_supply(self):
        for bill in self:
            consumer = bill.partner_id
            bill.sanctioned_load = consumer.discom_sanctioned_load
            bill.load_unit = consumer.discom_load_unit
            bill.area = consumer.discom_area
            bill.lifeline = consumer.discom_lifeline
            bill.unmetered = consumer.discom_unmetered
            bill.meter_multiplier = consumer.discom_meter_multiplier or 1.0

    @api.depends("tariff_notes")
    @api.depends_context("lang")
    def _compute_tariff_note(self):
        for bill in self:
            notes = [
                bill._tariff_note_text(code, params) for code, params in bill.tariff_notes or ()
            ]
            bill.tariff_note = "\n".join(notes) or False

    # === ACTIONS === #

    def action_charge(self):
        """Make out the charges of drafts from their readings, by the tariff in force."""
        bills = self._selection()._limited()
        bills.check_access("write")
        bills = bills._in_state("draft")
        if not bills:
            raise UserError(
                self.env._(
                    "None of these bills (%(count)s) is a draft; only drafts are made out "
                    "from readings.",
                    count=len(self._selection()),
                )
            )
        failed = {}
        for start in range(0, len(bills), CHARGE_BATCH):
            failed.update(bills[start : start + CHARGE_BATCH]._recharge_from_readings())
        if failed and len(bills) == 1:
            raise UserError(self._tariff_note_text(*failed[bills.id]))
        message = self.env._(
            "Bills made out: %(done)s. Not made out: %(failed)s; each bill says why.",
            done=len(bills) - len(failed),
            failed=len(failed),
        )
        if failed:
            bill_id, reason = next(iter(failed.items()))
            message += " " + self.env._(
                "%(bill)s: %(reason)s",
                bill=self.browse(bill_id).display_name,
                reason=self._tariff_note_text(*reason),
            )
        return self._notify(message, warning=bool(failed))

    # === TEXTS === #

    @api.model
    def _tariff_note_text(self, code, params=None):
        """What a clerk reads about how a bill was made out, or why it could not be.

        :param code: of a note of ``tools/reading.py`` and ``tools/tariff.py``, or of a TariffError
        :param params: dict of plain values; dates as ``YYYY-MM-DD``
        """
        texts = self._tariff_note_texts()
        values = {
            name: format_date(self.env, value)
            if name in ("start", "end", "previous", "current", "day")
            else formats.number(value)
            if type(value) in (int, float)
            else value
            for name, value in (params or {}).items()
        }
        if "kind" in values:
            kinds = self.env["discom.tariff.value"]._fields["kind"]._description_selection(self.env)
            values["kind"] = dict(kinds)[values["kind"]]
        return texts[code] % values

    @api.model
    def _tariff_note_texts(self):
        return {
            # how it was made out
            "average": self.env._("No usable reading: billed by the average of the last months."),
            "normative": self.env._("No usable reading: billed by the norm for the load."),
            "mixed": self.env._(
                "No usable reading: billed by the average of the last months as long as the rules "
                "allow, then by the norm for the load."
            ),
            "below": self.env._(
                "The present reading is below the previous one, so it was not used. If the meter "
                "was changed or ran over, say so and make the bill out again."
            ),
            "ceiling": self.env._("The readings give more than the ceiling for the load."),
            "long": self.env._("More than a year lies between the readings."),
            "credited": self.env._(
                "The bills without a reading since the last one are credited: this bill counts "
                "their units."
            ),
            "no_kvah": self.env._(
                "Billed in kWh: a load of this size is billed in kVAh, but there was no kVAh "
                "reading."
            ),
            "unverified": self.env._("Made out by rates that are not verified yet."),
            "minimum": self.env._("The minimum charge applies."),
            "lpsc": self.env._("With late payment surcharge by the dated rates."),
            # why it could not be made out
            "no_category": self.env._("The bill has no tariff category. Enter it at the consumer."),
            "no_area": self.env._(
                "The tariff differs by urban and rural, and the bill says neither. Enter the area."
            ),
            "no_load": self.env._("The sanctioned load is missing. Enter it at the consumer."),
            "no_rate": self.env._(
                "No tariff in force covers this supply from %(start)s until %(end)s. Record it "
                "under Configuration / Tariff schedules, or check category, area and dates of the "
                "bill."
            ),
            "no_factor": self.env._("“%(kind)s” is not recorded for %(day)s."),
            "no_multiplier": self.env._(
                "The multiplier for excess demand of this category is not recorded."
            ),
            "no_norm": self.env._(
                "There is no read month to take an average of, and no norm for defective meters of "
                "this category. Enter a reading, or record the norm under Configuration."
            ),
            "earlier_draft": self.env._(
                "The bill of %(day)s of this account is still a draft. Issue or cancel it first, "
                "or its units would be charged twice."
            ),
            "no_reading": self.env._(
                "The basis says that the meter was read. Enter the present reading and its date."
            ),
            "no_previous": self.env._(
                "There is no earlier bill with a reading. Enter the previous reading and its date."
            ),
            "reading_dates": self.env._(
                "The present reading of %(current)s does not come after the previous one of "
                "%(previous)s."
            ),
            "dates": self.env._("The bill covers no day. Check its period and reading dates."),
            "units": self.env._("Units cannot be negative."),
            "slabs": self.env._("The tariff has no price for the last %(units)s units."),
        }
