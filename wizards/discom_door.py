from odoo import models


class DiscomDoorMixin(models.AbstractModel):
    """What happened at one door of a list, entered on a phone; then the next door.

    A model that inherits this records it by :meth:`_apply` and opens the next door by
    :meth:`_open_next`.
    """

    _name = "discom.door.mixin"
    _description = "At the door"

    def action_save(self):
        """Record what happened."""
        self.ensure_one()
        self._apply()
        return {"type": "ir.actions.act_window_close"}

    def action_save_next(self):
        """Record what happened and open the next door."""
        self.ensure_one()
        self._apply()
        return self._open_next() or {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("That was the last one on your list."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _apply(self):
        """Record it."""
        raise NotImplementedError

    def _open_next(self):
        """Return the action of the next door, None where there is none."""
        raise NotImplementedError
