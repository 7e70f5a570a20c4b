from collections import defaultdict

from odoo import api, models


class Base(models.AbstractModel):
    """What a client may hand over to our records, beyond what Odoo checks.

    What only the software sets takes no default from outside.

    Odoo makes a value of each ``default_*`` in the context of a call, and of the defaults that
    users keep for themselves (``ir.default``), for any field; both come from the client. States,
    approvals, counts, times of our records are readonly fields: theirs is the default in the code.

    A record that is named must be one that the user may read: Odoo fills related and computed
    fields as superuser, so a form would show what it takes from any record of another office.
    """

    _inherit = "base"

    #: Readonly fields that an action hands over in the context all the same.
    _discom_handed_over = ()

    @api.model
    def default_get(self, fields):
        own = self._discom_own_fields(fields)
        keys = {f"default_{name}" for name in own} & self.env.context.keys()
        if keys:
            self = self.with_context(  # pylint: disable=context-overridden
                {key: value for key, value in self.env.context.items() if key not in keys}
            )
        return super().default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        # Dialogs are anybody's to make; what is kept has rules of its own.
        if self._transient:
            self._discom_check_named([self._discom_context_defaults(), *vals_list])
        return super().create(vals_list)

    def write(self, vals):
        if self._transient:
            self._discom_check_named([vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._discom_check_named([self._discom_context_defaults(), values])
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _discom_context_defaults(self):
        """Return the values that the context of a call hands over."""
        prefix = "default_"
        return {
            key.removeprefix(prefix): value
            for key, value in self.env.context.items()
            if key.startswith(prefix)
        }

    def _discom_check_named(self, vals_list):
        """
        :raise AccessError: where values for one of our records name a consumer, or another of our
            records, that the user may not read; what the record holds already is let be
        """
        if self.env.su or not self._name.startswith("discom."):
            return
        named = defaultdict(set)
        for vals in vals_list:
            for name, value in vals.items():
                field = self._fields.get(name)
                if not field or field.type != "many2one" or not value:
                    continue
                if isinstance(value, dict):
                    value = value.get("id")
                elif isinstance(value, (list, tuple)):
                    value = value[0]
                if isinstance(value, int) and value not in self[name].ids:
                    named[field.comodel_name].add(value)
        for model, ids in named.items():
            if model == "res.partner" or model.startswith("discom."):
                self.env[model].browse(ids).check_access("read")

    @api.model
    def _discom_own_fields(self, names):
        """Return those of the fields ``names`` that only the software sets."""
        # Dialogs live on what is handed over to them, and keep nothing.
        if self._transient:
            return []
        ours = self._name.startswith("discom.")
        return [
            name
            for name in names
            if (ours or name.startswith("discom_"))
            and name in self._fields
            and self._fields[name].readonly
            and name not in self._discom_handed_over
        ]


class IrDefault(models.Model):
    _inherit = "ir.default"

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """Leave out what only the software sets."""
        defaults = super()._get_model_defaults(model_name, condition)
        own = set(self.env[model_name]._discom_own_fields(defaults))
        return {name: value for name, value in defaults.items() if name not in own}
