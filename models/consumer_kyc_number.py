import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from .consumer_kyc import e164


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
    the company allows, be it there for WhatsApp or as the mobile, which is proposed for WhatsApp.
    What stands out is kept in a list until somebody has decided.
    """

    _inherit = "res.partner"

    # === ACTIONS === #

    def action_discom_number_family(self):
        """Accept the numbers of these consumers as shared by a family."""
        self._discom_decide_numbers("family")

    def action_discom_number_clear(self):
        """Take the number that stood out away from these consumers, who have to be asked again."""
        in_question = self._discom_numbers_in_question()
        self._discom_take_away(in_question, self.env._("Review of numbers"))

    def action_discom_number_agent(self):
        """Take the numbers, as an agent's, away from all accounts, and refuse them from then on.

        Accounts of other offices keep the number, flagged, until their own staff has asked.
        """
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(
                self.env._("The division manager decides whose number is an agent's.")
            )
        numbers = list(set().union(*self._discom_numbers_to_decide().values()))
        consumers = self.search(
            Domain("discom_consumer", "=", True)
            & Domain("company_id", "in", self.company_id.ids)
            & (
                Domain("discom_whatsapp_number", "in", numbers)
                | Domain("phone_sanitized", "in", numbers)
            )
        )
        self._discom_decide_numbers("agent")
        consumers._discom_take_away(
            dict.fromkeys(consumers.ids, set(numbers)), self.env._("Number of an agent")
        )

    # === BUSINESS METHODS === #

    def _discom_numbers_in_question(self):
        """Return {consumer id: numbers that stand out}; where none does, the WhatsApp number.

        What is no number of anybody stands in it as it was given.
        """
        found = defaultdict(set)
        for partner_id, number, _flag in self._discom_judge_numbers():
            found[partner_id].add(number)
        for consumer in self:
            if consumer.id not in found and consumer.discom_whatsapp_number:
                found[consumer.id].add(consumer.discom_whatsapp_number)
        return found

    def _discom_take_away(self, numbers, evidence):
        """Take ``numbers`` (by id of the consumer) away, for WhatsApp and as the mobile."""
        emptied = defaultdict(self.browse)
        for consumer in self:
            taken = numbers.get(consumer.id, ())
            fields_taken = tuple(
                name
                for name, held in (
                    ("discom_whatsapp_number", {consumer.discom_whatsapp_number}),
                    ("phone", {consumer.phone, consumer.phone_sanitized}),
                )
                if (held - {False}) & taken
            )
            emptied[fields_taken] |= consumer
        for names, consumers in emptied.items():
            if names:
                consumers._discom_by_way(evidence=evidence).write(dict.fromkeys(names, False))

    def _discom_numbers_to_decide(self):
        """Return {consumer id: numbers in question that may be somebody's}.

        :raise UserError: where there is none
        """
        numbers = {}
        for partner_id, given in self._discom_numbers_in_question().items():
            if mobiles := set(map(e164, given)) - {None}:
                numbers[partner_id] = mobiles
        if not numbers:
            raise UserError(
                self.env._(
                    "None of these consumers (%(count)s) has a mobile number to decide on. Leave "
                    "them out, or take away what is no number.",
                    count=len(self),
                )
            )
        return numbers

    def _discom_decide_numbers(self, verdict):
        """Keep a decision about the numbers of these consumers."""
        self.check_access("write")
        of_consumers = self._discom_numbers_to_decide()
        numbers = list(set().union(*of_consumers.values()))
        # Decisions are written by these buttons alone.
        decisions = self.env["discom.kyc.number"].sudo()
        known = decisions.search(
            [("number", "in", numbers), ("company_id", "in", self.company_id.ids)]
        )
        known.write({"verdict": verdict})
        decided = {(decision.number, decision.company_id) for decision in known}
        wanted = {
            (number, consumer.company_id)
            for consumer in self
            for number in of_consumers.get(consumer.id, ())
        }
        decisions.create(
            [
                {"number": number, "company_id": company.id, "verdict": verdict}
                for number, company in sorted(wanted - decided, key=str)
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
        numbers = set()
        for text in before.values():
            known = json.loads(text)
            numbers |= {known.get("discom_whatsapp_number"), e164(known.get("phone"))}
        self._discom_flag_numbers(consumers.ids, [number for number in numbers if number])

    def _discom_mobile_for_whatsapp(self):
        """Return the mobile to be proposed for WhatsApp: none that stands out, or is an agent's."""
        return False if self.discom_number_flag else e164(self.phone) or False


class DiscomOffice(models.Model):
    _inherit = "discom.office"

    def write(self, vals):
        """Look again at who has a number that is, or was, an office's.

        :param bool discom_flag_later: of the context: whoever writes many offices one by one calls
            :meth:`_flag_numbers` once, afterwards
        """
        phones = {"phone", "grievance_phone"} & vals.keys() if self._flags_now() else ()
        before = self.env["res.partner"]._discom_office_numbers() if phones else []
        result = super().write(vals)
        if phones:
            self._flag_numbers(before)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        offices = super().create(vals_list)
        if self._flags_now() and any(
            vals.get("phone") or vals.get("grievance_phone") for vals in vals_list
        ):
            self._flag_numbers([])
        return offices

    @api.model
    def _flags_now(self):
        return not self.env.context.get("discom_flag_later")

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
