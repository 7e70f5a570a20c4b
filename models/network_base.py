from odoo import api, models


class Base(models.AbstractModel):
    """What only the software sets takes no default from outside either.

    Odoo makes a value of each ``default_*`` in the context of a call, and of the defaults that
    users keep for themselves (``ir.default``), for any field; both come from the client. States,
    approvals, counts, times of our records are readonly fields: theirs is the default in the code.
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
