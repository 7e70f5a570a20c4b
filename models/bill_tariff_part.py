from odoo import api, models


class DiscomTariffPart(models.AbstractModel):
    """Part of a schedule: guarded as the schedule is, and what changes in it stands in the
    schedule's history."""

    _name = "discom.tariff.part"
    _description = "Part of a Tariff Schedule"

    def _tariffs(self):
        """The schedules that the records belong to."""
        raise NotImplementedError

    @api.model
    def _unguarded_fields(self):
        return {"verified", "source", "sequence"}

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._tariffs()._check_unused()
        records._tariffs()._check_overlap()
        for record in records:
            record._log_change(self.env._("added: %(rate)s", rate=record._summary()))
        return records

    def write(self, vals):
        if vals.keys() - self._unguarded_fields():
            self._tariffs()._check_unused()
        before = {record: record._summary() for record in self}
        result = super().write(vals)
        self._tariffs()._check_overlap()
        for record in self:
            after = record._summary()
            if after != before[record]:
                record._log_change(f"{before[record]} → {after}")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._tariffs()._check_unused()
        for record in self:
            record._log_change(self.env._("deleted: %(rate)s", rate=record._summary()))

    def _log_change(self, text):
        """Note in the history of a schedule in force what was changed; a draft has none yet."""
        if self.env.context.get("tracking_disable"):
            return
        for tariff in self._tariffs().filtered(lambda rec: rec.state == "force"):
            tariff._message_log(body=f"{self.display_name}: {text}")

    def _summary(self):
        """The figures in one line of text."""
        raise NotImplementedError
