from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ..tools import template_lint
from .whatsapp_template_variable import TEXT_SOURCE

_lt = LazyTranslate(__name__)

NUMBERS_PARAMETER = "discom.official_phone_numbers"
HOSTS_PARAMETER = "discom.official_hosts"
MESSAGES = {
    "braces": _lt("Braces do not match: a variable looks like {{name}}."),
    "variable_name": _lt(
        "%(detail)s: a variable's name has small letters, digits and underscores and begins with a "
        "letter."
    ),
    "header_empty": _lt("The header has no text."),
    "header_long": _lt("The header has %(detail)s characters, 60 are allowed."),
    "header_format": _lt("The header may have one variable and no new line."),
    "picture_missing": _lt("Upload the picture of the header: every message carries it."),
    "body_empty": _lt("The text is empty."),
    "body_long": _lt("The text has %(detail)s characters, 1,024 are allowed."),
    "variable_edge": _lt("The text may neither begin nor end with a variable."),
    "variables_adjacent": _lt("Two variables may not stand side by side; put words between them."),
    "variables_many": _lt("%(detail)s variables are too many for so few words."),
    "body_spaces": _lt("No tabs, no runs of spaces, at most one empty line between paragraphs."),
    "footer_long": _lt("The footer has %(detail)s characters, 60 are allowed."),
    "footer_format": _lt("The footer may have no variable and no new line."),
    "buttons_many": _lt("At most ten buttons, two of them addresses and one of them a call."),
    "buttons_order": _lt("Quick replies must stand together."),
    "buttons_same": _lt("Two buttons have the same label."),
    "button_label": _lt("Button “%(detail)s”: 1 to 25 characters, no variable."),
    "button_url": _lt("Button “%(detail)s”: the address must begin with https://."),
    "button_url_variable": _lt(
        "Button “%(detail)s”: an address may have one variable, at its very end."
    ),
    "button_phone": _lt("Button “%(detail)s”: the number needs digits only, with country code."),
    "example_missing": _lt("Variable %(detail)s has no sample value."),
    "ttl_range": _lt("Valid for: %(detail)s seconds are allowed in this category."),
    "ttl_outage": _lt(
        "An outage message that arrives late does harm. Set “Valid for” to one or two hours."
    ),
    "code_variable": _lt("The text of a code has one variable, {{code}}."),
    "code_button": _lt("The template of a code has one button, which copies the code."),
    "private_number": _lt(
        "%(detail)s is not on the list of official numbers. Cheats use private numbers: give 1912 "
        "or a number of the office."
    ),
    "body_filled": _lt(
        "With the sample values the text has %(detail)s characters; 1,024 are allowed in all."
    ),
    "promotion": _lt(
        "“%(detail)s” sounds like advertising: Meta may count the text as marketing, which costs "
        "several times as much."
    ),
    "buttons_hidden": _lt("%(detail)s buttons: WhatsApp on a computer shows three at most."),
    "foreign_upi": _lt(
        "%(detail)s is not the UPI address of the company. Cheats put their own in its place."
    ),
    "date_missing": _lt(
        "Name the month, the date of the bill or the due date: a genuine message knows it."
    ),
    "promise_missing": _lt(
        "Say that the company never asks for an OTP or for an app: consumers learn to tell it."
    ),
    "foreign_host": _lt("%(detail)s is not on the list of the company's own websites."),
    "hurry": _lt(
        "“%(detail)s” threatens by the hour, as cheats do. Name the date on the bill instead."
    ),
    "otp": _lt(
        "“%(detail)s”: never ask for a code or an app. Say that the company never asks for them."
    ),
    "full_number": _lt(
        "%(detail)s: WhatsApp allows no full account or identity number. Use account_last4."
    ),
    "identity_missing": _lt(
        "{{%(detail)s}} is missing: a genuine message names the office, the last four digits of "
        "the account and the amount."
    ),
}


class WhatsAppTemplate(models.Model):
    """What is wrong with a text, told before Meta tells it."""

    _inherit = "discom.whatsapp.template"

    lint_error = fields.Text(string="Meta will refuse this", compute="_compute_lint")
    lint_warning = fields.Text(string="Consumers may mistrust this", compute="_compute_lint")

    @api.depends(
        "category",
        "purpose",
        "ttl_seconds",
        "header_type",
        "header_text",
        "body",
        "footer",
        "button_ids.type",
        "button_ids.text",
        "button_ids.url",
        "button_ids.phone",
        "combined",
        "header_sample",
        "variable_ids.example",
        "variable_ids.source",
        "variable_ids.text",
    )
    def _compute_lint(self):
        for template in self:
            template.lint_error = "\n".join(template._lint_texts("error"))
            template.lint_warning = "\n".join(template._lint_texts("warning"))

    def _lint_texts(self, level):
        """Return the findings of a level (error, warning) in the user's language."""
        self.ensure_one()
        # sudo: staff who may read templates may know what is wrong with them
        parameters = self.env["ir.config_parameter"].sudo()
        findings = template_lint.lint(
            {
                **self._text_data(),
                "category": self.category or "UTILITY",
                "purpose": self.purpose or "other",
                "ttl_seconds": self.ttl_seconds,
                "combined": self.combined,
                "picture": bool(self.header_sample),
                "fixed": [
                    variable.text or ""
                    for variable in self.variable_ids
                    if variable.source == TEXT_SOURCE
                ],
            },
            self._examples(),
            official_numbers=_words(parameters.get_param(NUMBERS_PARAMETER)),
            official_hosts=[
                *_words(parameters.get_param(HOSTS_PARAMETER)),
                # The pages of bills are on this server.
                urlsplit(self.get_base_url()).hostname or "",
            ],
            official_upi=_words(self._official_upi()),
        )
        texts = []
        for finding in findings:
            if finding.level == level:
                # A lazy text takes no values while it is translated.
                text = self.env._(MESSAGES[finding.code])
                texts.append(text % {"detail": finding.detail})
        return texts

    def _official_upi(self):
        """Return the UPI addresses of the companies, written with commas; knows no field of bills
        where that area is not there."""
        # sudo: the official addresses stand on every bill, whichever company a user works for.
        companies = self.env["res.company"].sudo().search([])  # pylint: disable=no-search-all
        if "discom_upi_address" not in companies._fields:
            return ""
        return ",".join(filter(None, companies.mapped("discom_upi_address")))


def _words(text):
    """Split a list written with commas."""
    return [word.strip().lower() for word in (text or "").split(",") if word.strip()]
