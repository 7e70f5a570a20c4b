import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools.phone import JUNK_PATTERN, PhoneError, normalise_mobile

FLAGS = [
    ("agent", "Number of an agent"),
    ("office", "Number of the office"),
    ("shared", "On many accounts"),
    ("junk", "Nobody's number"),
]


class DiscomKycNumber(models.Model):
    """What somebody has decided about a number that stood out."""

    _name = "discom.kyc.number"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Number decided on"
    _rec_name = "number"
    _order = "id desc"
    _no_aadhaar = ("note",)

    number = fields.Char(required=True, help="Mobile number, +91 and 10 digits.", personal="phone")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    verdict = fields.Selection(
        [("family", "Shared by a family"), ("agent", "Belongs to an agent")], required=True
    )
    note = fields.Char()

    _number_uniq = models.UniqueIndex(
        "(number, company_id)",
        "This number has been decided on already. Change that decision in the list of numbers.",
    )

    @api.depends("number")
    @api.depends_context("uid")
    def _compute_display_name(self):
        numbers = self._personal_values("number")
        for decision in self:
            decision.display_name = numbers[decision.id]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["number"] = self.env["res.partner"]._discom_normalise_number(vals.get("number"))
        decisions = super().create(vals_list)
        self._flag(decisions.mapped("number"))
        return decisions

    def write(self, vals):
        numbers = self.mapped("number")
        if "number" in vals:
            number = self.env["res.partner"]._discom_normalise_number(vals["number"])
            vals = {**vals, "number": number}
        result = super().write(vals)
        self._flag([*numbers, *self.mapped("number")])
        return result

    def unlink(self):
        numbers = self.mapped("number")
        result = super().unlink()
        self._flag(numbers)
        return result

    @api.model
    def _flag(self, numbers):
        self.env.flush_all()
        self.env["res.partner"]._discom_flag_numbers([], numbers)


class ResPartner(models.Model):
    """Numbers that may be somebody else's: of an agent, of the office, of nobody.

    A family with one phone is normal, so a number counts as suspicious only on more accounts than
    the company allows. What stands out is kept in a list until somebody has decided.
    """

    _inherit = "res.partner"

    discom_number_flag = fields.Selection(
        FLAGS, "To review", copy=False, readonly=True, index="btree_not_null"
    )

    # === ACTIONS === #

    def action_discom_number_family(self):
        """Accept the numbers of these consumers as shared by a family."""
        self._discom_decide_numbers("family")

    def action_discom_number_clear(self):
        """Take the number that stood out away from these consumers, who have to be asked again."""
        junk = self.filtered(lambda consumer: consumer.discom_number_flag == "junk")
        reason = self._discom_by_way(evidence=self.env._("Review of numbers"))
        (reason - junk).filtered("discom_whatsapp_number").write({"discom_whatsapp_number": False})
        (reason & junk).write({"phone": False})

    def action_discom_number_agent(self):
        """Take the numbers, as an agent's, away from all accounts, and refuse them from then on.

        Accounts of other offices keep the number, flagged, until their own staff has asked.
        """
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(
                self.env._("The division manager decides whose number is an agent's.")
            )
        consumers = self.search(
            [
                ("discom_consumer", "=", True),
                ("discom_whatsapp_number", "in", self._discom_numbers_to_decide()),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        self._discom_decide_numbers("agent")
        consumers._discom_by_way(evidence=self.env._("Number of an agent")).write(
            {"discom_whatsapp_number": False}
        )

    # === BUSINESS METHODS === #

    def _discom_numbers_to_decide(self):
        """Return the numbers of these consumers.

        :raise UserError: where there is none
        """
        numbers = list({number for number in self.mapped("discom_whatsapp_number") if number})
        if not numbers:
            raise UserError(
                self.env._(
                    "None of these consumers (%(count)s) has a WhatsApp number, so there "
                    "is nothing to decide.",
                    count=len(self),
                )
            )
        return numbers

    def _discom_decide_numbers(self, verdict):
        """Keep a decision about the numbers of these consumers."""
        self.check_access("write")
        numbers = self._discom_numbers_to_decide()
        # Decisions are written by these buttons alone.
        decisions = self.env["discom.kyc.number"].sudo()
        known = decisions.search(
            [("number", "in", numbers), ("company_id", "in", self.company_id.ids)]
        )
        known.write({"verdict": verdict})
        decided = {(decision.number, decision.company_id) for decision in known}
        wanted = {(consumer.discom_whatsapp_number, consumer.company_id) for consumer in self}
        decisions.create(
            [
                {"number": number, "company_id": company.id, "verdict": verdict}
                for number, company in sorted(wanted - decided, key=str)
                if number
            ]
        )

    @api.model
    def _discom_check_agent(self, numbers):
        """
        :raise ValidationError: where one of ``numbers`` belongs to an agent
        """
        numbers = [number for number in numbers if number]
        # Whether a number is an agent's does not depend on who may read decisions.
        found = numbers and self.env["discom.kyc.number"].sudo().search(
            [
                ("number", "in", numbers),
                ("verdict", "=", "agent"),
                ("company_id", "in", self.env.companies.ids),
            ],
            limit=1,
        )
        if found:
            raise ValidationError(
                self.env._(
                    "%(number)s belongs to an agent. Ask the consumer for the own number.",
                    number=found.number,
                )
            )

    @api.model
    def _discom_kyc_changed(self, before, vals):
        super()._discom_kyc_changed(before, vals)
        if vals and not {"discom_whatsapp_number", "discom_whatsapp_same", "phone"} & vals.keys():
            return
        consumers = self.browse(before)
        numbers = {json.loads(text).get("discom_whatsapp_number") for text in before.values()}
        numbers.update(consumers.mapped("discom_whatsapp_number"))
        self._discom_flag_numbers(consumers.ids, [number for number in numbers if number])

    @api.model
    def _discom_flag_numbers(self, partners=None, numbers=None):
        """Set or clear the flag of consumers, in one statement.

        :param partners: ids, or SQL that selects them
        :param numbers: numbers whose consumers are looked at too, or SQL that selects them; where
            both are left out, all consumers are looked at
        """
        self.flush_model(
            ["discom_whatsapp_number", "phone", "phone_sanitized", "discom_number_flag"]
            + ["company_id"]
        )
        if partners is None and numbers is None:
            concerned = SQL("TRUE")
        else:
            partners, numbers = (
                part if isinstance(part, SQL) else SQL("SELECT unnest(%s::%s[])", part, SQL(kind))
                for part, kind in ((partners or [], "integer"), (numbers or [], "varchar"))
            )
            concerned = SQL(
                "p.id IN (SELECT p.id FROM res_partner p WHERE p.id IN (%s)"
                " UNION SELECT p.id FROM res_partner p WHERE p.discom_whatsapp_number IN (%s))",
                partners,
                numbers,
            )
        self.env.cr.execute(
            SQL(
                """
                WITH concerned AS MATERIALIZED (
                    SELECT p.id, p.company_id, p.discom_whatsapp_number AS number,
                           p.phone, p.phone_sanitized, p.discom_number_flag
                      FROM res_partner p
                     WHERE p.discom_consumer AND %(concerned)s
                ), counted AS (
                    SELECT p.company_id, p.discom_whatsapp_number AS number, count(*) AS accounts
                      FROM res_partner p
                     WHERE p.discom_whatsapp_number IN (SELECT number FROM concerned)
                       AND p.discom_consumer AND p.active
                  GROUP BY p.company_id, p.discom_whatsapp_number
                ), staff AS (
                    SELECT p.phone_sanitized AS number
                      FROM res_users u
                      JOIN res_partner p ON p.id = u.partner_id
                     WHERE NOT u.share AND u.active AND p.phone_sanitized IS NOT NULL
                     UNION
                    SELECT unnest(%(office)s::varchar[])
                ), flagged AS (
                    SELECT c.id, c.discom_number_flag, CASE
                           WHEN decision.verdict = 'agent' THEN 'agent'
                           WHEN staff.number IS NOT NULL THEN 'office'
                           WHEN decision.verdict IS NULL
                                AND counted.accounts > company.discom_shared_number_limit
                           THEN 'shared'
                           WHEN right(c.phone_sanitized, 10) ~ %(junk)s
                                OR c.phone <> '' AND c.phone_sanitized IS NULL THEN 'junk'
                           END AS flag
                      FROM concerned c
                      JOIN res_company company ON company.id = c.company_id
                 LEFT JOIN counted
                        ON counted.number = c.number AND counted.company_id = c.company_id
                 LEFT JOIN discom_kyc_number decision
                        ON decision.number = c.number AND decision.company_id = c.company_id
                 LEFT JOIN staff ON staff.number = c.number
                )
                UPDATE res_partner p
                   SET discom_number_flag = flagged.flag
                  FROM flagged
                 WHERE p.id = flagged.id
                   AND flagged.discom_number_flag IS DISTINCT FROM flagged.flag
                """,
                concerned=concerned,
                office=self._discom_office_numbers(),
                junk=JUNK_PATTERN,
            )
        )
        self.invalidate_model(["discom_number_flag"])

    @api.model
    def _discom_office_numbers(self):
        """Return the mobile numbers of all offices."""
        # Whether a number is an office's does not depend on which offices the user works for.
        offices = self.env["discom.office"].sudo().with_context(active_test=False)
        numbers = set()
        for office in offices.search_fetch(
            ["|", ("phone", "!=", False), ("grievance_phone", "!=", False)],
            ["phone", "grievance_phone"],
        ):
            for text in (office.phone, office.grievance_phone):
                try:
                    numbers.add(normalise_mobile(text))
                except PhoneError:
                    # A landline or a short number is nobody's WhatsApp number.
                    continue
        return sorted(numbers)


class DiscomOffice(models.Model):
    _inherit = "discom.office"

    def write(self, vals):
        phones = {"phone", "grievance_phone"} & vals.keys()
        before = self.env["res.partner"]._discom_office_numbers() if phones else []
        result = super().write(vals)
        if phones:
            self._flag_numbers(before)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        offices = super().create(vals_list)
        if any(vals.get("phone") or vals.get("grievance_phone") for vals in vals_list):
            self._flag_numbers([])
        return offices

    @api.model
    def _flag_numbers(self, before):
        """Look again at who has a number of an office, or had one ``before``."""
        partners = self.env["res.partner"]
        partners._discom_flag_numbers([], [*before, *partners._discom_office_numbers()])


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_shared_number_limit = fields.Integer(
        "Accounts on one number",
        default=5,
        aggregator=None,
        help="A WhatsApp number on more accounts is put into the list of numbers to review: agents "
        "type their own.",
    )

    _discom_shared_number_limit_positive = models.Constraint(
        "CHECK (discom_shared_number_limit > 0)", "Accounts on one number: enter 1 or more."
    )

    def write(self, vals):
        result = super().write(vals)
        if "discom_shared_number_limit" in vals:
            self.flush_recordset(["discom_shared_number_limit"])
            self.env["res.partner"]._discom_flag_numbers()
        return result
