"""Changes of who may do what, and of the settings of the company and the system."""

import re

from odoo import models

#: Names of parameters whose values stand in no journal.
SECRET = re.compile("token|secret|password|key")
#: Parameters beside ours by which links, sign-ins or the office's address change.
PARAMETERS = ("discom.", "web.base.url", "auth_", "base.login_cooldown")


class IrRule(models.Model):
    _name = "ir.rule"
    _inherit = ["ir.rule", "discom.audit.mixin"]

    _audit_kind = "rule"


class IrModelAccess(models.Model):
    _name = "ir.model.access"
    _inherit = ["ir.model.access", "discom.audit.mixin"]

    _audit_kind = "rule"


class ResGroups(models.Model):
    _name = "res.groups"
    _inherit = ["res.groups", "discom.audit.mixin"]

    _audit_kind = "role"


class IrConfigParameter(models.Model):
    _name = "ir.config_parameter"
    _inherit = ["ir.config_parameter", "discom.audit.mixin"]

    def _audit_due(self):
        return (
            super()
            ._audit_due()
            .filtered(lambda parameter: (parameter.key or "").startswith(PARAMETERS))
        )

    def _audit_secret(self, field):
        hidden = field.name == "value" and SECRET.search(self.key or "")
        return bool(hidden) or super()._audit_secret(field)


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "discom.audit.mixin"]

    def _audit_fields(self, vals):
        return [field for field in super()._audit_fields(vals) if field.name.startswith("discom_")]


class DiscomOffice(models.Model):
    _name = "discom.office"
    _inherit = ["discom.office", "discom.audit.mixin"]
