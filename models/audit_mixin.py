from odoo import api, models

# Beyond these, an entry names the fields that were changed and no values.
MAX_RECORDS = 5
MAX_TEXT = 2000  # characters of an entry
MAX_VALUE = 300  # characters of one value


class DiscomAuditMixin(models.AbstractModel):
    """Records by which the software is set up: each change by hand leaves an audit entry.

    What comes with the module's own data leaves none. Values of fields that not everybody may read
    who may read the record are secrets, and told as *changed* only.
    """

    _name = "discom.audit.mixin"
    _description = "Change that is written down"

    # Key of the kinds of audit entries.
    _audit_kind = "settings"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if records._audit_due():
            names = records._audit_names()
            records._audit_log(self.env._("Created: %(names)s", names=names))
        return records

    def write(self, vals):
        records, fields_ = self._audit_due(), self._audit_fields(vals)
        if not records or not fields_:
            return super().write(vals)
        before = records._audit_values(fields_)
        result = super().write(vals)
        changed, after = records.browse(), records._audit_values(fields_)
        texts = []
        for record in records:
            pairs = zip(fields_, before[record.id], after[record.id], strict=True)
            if differing := [each for each in pairs if each[1] != each[2]]:
                changed |= record
                texts.append((record, differing))
        if changed:
            changed._audit_log(self._audit_text(texts))
        return result

    def unlink(self):
        if records := self._audit_due():
            names = records._audit_names()
            records._audit_log(self.env._("Deleted: %(names)s", names=names))
        return super().unlink()

    def _audit_due(self):
        """The records whose change is written down: none while modules are installed."""
        return self if self.env.registry.ready else self.browse()

    def _audit_fields(self, vals):
        """Those of ``vals`` whose change is written down.

        What no form lets anybody enter is set by the software, and lines have entries of their own.
        """
        known = [self._fields[name] for name in vals if name in self._fields]
        return [
            field
            for field in known
            if not field.readonly and field.type not in ("one2many", "binary", "json")
        ]

    def _audit_secret(self, field):
        """Whether the values of ``field`` stand in no journal."""
        return bool(field.groups)

    def _audit_log(self, text):
        """Add the entry of a change of these records."""
        self.env["discom.audit.entry"]._log(self._audit_kind, self, text[:MAX_TEXT])

    def _audit_names(self):
        # sudo: the name is written down whatever the one may read who acts.
        names = self[:MAX_RECORDS].sudo().mapped("display_name")
        return ", ".join(name or "" for name in names) + (" …" if len(self) > MAX_RECORDS else "")

    def _audit_values(self, fields_):
        """Return {id: values of ``fields_``} in a form that can be compared and read."""
        # sudo: that a field was changed is written down whoever may read it.
        return {
            record.id: [_readable(record[field.name], field) for field in fields_]
            for record in self.sudo()
        }

    def _audit_text(self, texts):
        """Say what differs: for few records from what to what, for many which fields."""
        if len(texts) > MAX_RECORDS:
            labels = dict.fromkeys(
                field._description_string(self.env) for _record, row in texts for field, *_ in row
            )
            return self.env._("Changed: %(fields)s", fields=", ".join(labels))
        return "; ".join(
            f"{record._audit_names()}: " + ", ".join(self._audit_change(*each) for each in row)
            for record, row in texts
        )

    def _audit_change(self, field, before, after):
        label = field._description_string(self.env)
        if self._audit_secret(field):
            return self.env._("%(field)s changed", field=label)
        if field.type == "many2many":
            signed = [f"+{name}" for name in sorted(after - before)]
            signed += [f"−{name}" for name in sorted(before - after)]
            return f"{label}: {' '.join(signed)}"[:MAX_VALUE]
        return f"{label}: {before[:MAX_VALUE] or '–'} → {after[:MAX_VALUE] or '–'}"


def _readable(value, field):
    if field.type in ("many2one", "reference"):
        return value.display_name or "" if value else ""
    if field.type == "many2many":
        return frozenset(name or "" for name in value.mapped("display_name"))
    if field.type == "boolean":
        return "✓" if value else ""
    return "" if value is False or value is None else str(value)
