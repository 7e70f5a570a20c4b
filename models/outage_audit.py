"""Who changed what outages are counted and compensated by."""

from odoo import models


class DiscomOutageCompensation(models.Model):
    _name = "discom.outage.compensation"
    _inherit = ["discom.outage.compensation", "discom.audit.mixin"]


class DiscomOutageReason(models.Model):
    _name = "discom.outage.reason"
    _inherit = ["discom.outage.reason", "discom.audit.mixin"]
