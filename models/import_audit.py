"""Who changed how files of the billing system are read."""

from odoo import models


class DiscomImportSource(models.Model):
    _name = "discom.import.source"
    _inherit = ["discom.import.source", "discom.audit.mixin"]


class DiscomPaymentWord(models.Model):
    _name = "discom.payment.word"
    _inherit = ["discom.payment.word", "discom.audit.mixin"]
