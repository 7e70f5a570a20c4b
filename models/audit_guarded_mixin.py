from odoo import api, models
from odoo.exceptions import UserError


class DiscomGuardedMixin(models.AbstractModel):
    """Fields that follow from the buttons and the software: no form, import, RPC, copy or default
    of a client's context sets them.

    Stands first among what a model inherits, so that :meth:`_set` passes by nothing but the guard
    and the model's own ``write``.
    """

    _name = "discom.guarded.mixin"
    _description = "Guarded fields"

    #: ``{field: the value that a new record begins with, False for none}``, which may be given.
    _guarded = {}
    #: Whether the superuser is refused as well, so that :meth:`_set` is the only way.
    _guarded_always = False

    @api.model_create_multi
    def create(self, vals_list):
        # Defaults in the context become values as well, and the context comes from the client.
        defaults = {
            name: self.env.context[f"default_{name}"]
            for name in self._guarded
            if f"default_{name}" in self.env.context
        }
        for vals in vals_list:
            given = {**defaults, **vals}
            self._refuse_guarded(
                name
                for name in self._guarded.keys() & given.keys()
                # Nothing is the same as False, whether it is empty, zero or null.
                if (given[name] or False) != self._guarded[name]
            )
        return super().create([{**vals, **self._guarded_new(vals)} for vals in vals_list])

    def write(self, vals):
        # The value of a new record neither: it would begin anew what has ended.
        self._refuse_guarded(self._guarded.keys() & vals.keys())
        return super().write(vals)

    def _set(self, **vals):
        """Write guarded fields, for the buttons and the software."""
        return super().write(vals)  # pylint: disable=super-method-mismatch

    @api.model
    def _guarded_new(self, vals):
        """Return the guarded fields that the software gives to a new record, such as its number."""
        return {}

    @api.model
    def _refuse_guarded(self, names):
        """
        :raise UserError: where there are names of fields that somebody would set
        """
        if any(names) and (self._guarded_always or not self.env.su):
            raise UserError(self._guarded_text())

    @api.model
    def _guarded_text(self):
        """Return what to say to who would set a guarded field."""
        raise NotImplementedError
