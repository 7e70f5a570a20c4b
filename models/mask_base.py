from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..tools.personal import masked

#: Kinds whose full value may be searched for by those who see it masked: a consumer who calls says
#: the number. The digits of a document would be guessed in no time.
EXACT_KINDS = ("phone", "email")
#: Values that may be asked for at once so, or a list of all numbers would tell whose each is.
EXACT_LIMIT = 200


class Base(models.AbstractModel):
    """Fields with ``personal="phone"`` (or another key of ``mask_res_users.DUTIES``) are masked.

    Records hold what is stored, so that code computes with it; what leaves towards a user who has
    no duty to know is masked: when read, exported, copied. By these fields such a user neither
    groups nor orders, and searches only for a whole number. A related field inherits the mark, so
    that none is forgotten; who may see it follows from the record that it comes from.
    """

    _inherit = "base"

    #: Groups that see the personal fields of this model beside those whose duty it always is.
    _personal_groups = ()
    #: The field that says whose data it is.
    _personal_owner = "partner_id"

    def _valid_field_parameter(self, field, name):
        return name == "personal" or super()._valid_field_parameter(field, name)

    # === WHO MAY SEE === #

    @api.model
    def _personal_kind(self, name):
        """Kind of the data in a field of this model, None where it is not personal."""
        return getattr(self._fields.get(name), "personal", None)

    @api.model
    def _personal_by_role(self, kind):
        """Tell whether the user sees such fields of all records of this model that he reads."""
        return self.env.user._discom_has_duty(kind, self._personal_groups)

    def _personal_shown(self, kind):
        """Return the records whose data of a kind the user may see, in a few queries for all.

        Asks for the user even where the code has the rights of the system: a name shown to him is
        often made so.
        """
        if self._personal_by_role(kind):
            return self
        shown = self._personal_unmasked()
        name = self._personal_owner
        if name in self._fields and self._fields[name].comodel_name == "res.partner":
            # sudo: whose the records are, not what is in them. In a form somebody may enter
            # another owner beside the stored values, or have values computed from another one.
            owned = self.sudo()
            partners = set((owned | owned._origin)[name]._personal_shown(kind)._ids)

            def concerns(record):
                owner, stored = record[name], record._origin
                if stored:
                    return owner.id in partners and stored[name].id in partners
                return not owner or owner.id in partners

            shown |= self.browse(owned.filtered(concerns)._ids)
        else:
            # What somebody types into a new record is the own.
            shown |= self.filtered(lambda record: not record._origin)
        return shown

    def _personal_unmasked(self):
        """Return those of the records that the user has unmasked and still sees."""
        ids = self.env["discom.unmasking"]._ids_shown(self._name)
        return self.filtered(lambda record: record._origin.id in ids) if ids else self.browse()

    @api.model
    def _personal_domain(self, kind):
        """Domain of the records whose data of a kind the user sees though the role does not."""
        domain = Domain("id", "in", list(self.env["discom.unmasking"]._ids_shown(self._name)))
        name = self._personal_owner
        if name in self._fields and self._fields[name].comodel_name == "res.partner":
            owners = self.env["res.partner"]
            if owners._personal_by_role(kind):
                return Domain(name, "!=", False) | domain
            domain |= Domain(name, "any", owners._personal_domain(kind))
        return domain

    def _personal_shown_in(self, name):
        """Return the ids of the records whose field ``name`` the user may see."""
        field, kind = self._fields[name], self._personal_kind(name)
        if not field.related:
            return set(self._personal_shown(kind)._ids)
        path = field.related.rsplit(".", 1)[0]
        # sudo: whose the records are, not what is in them.
        records = self.sudo()
        owners = set(records.mapped(path)._personal_shown(kind)._ids)
        return {record.id for record in records if owners.issuperset(record.mapped(path)._ids)}

    def _personal_values(self, name):
        """Return ``{id: value}`` of a field as the user may see it, for names made from it."""
        shown, kind = self._personal_shown_in(name), self._personal_kind(name)
        return {
            record.id: record[name] if record.id in shown else masked(kind, record[name])
            for record in self
        }

    # === DOORS === #

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        if rows and not self.env.su and self.env.user._discom_is_masked():
            for name in filter(self._personal_kind, fnames):
                shown, kind = self._personal_shown_in(name), self._personal_kind(name)
                for row in rows:
                    if row[name] and row["id"] not in shown:
                        row[name] = masked(kind, row[name])
        return rows

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        if not _is_toplevel_call or self.env.su or not self.env.user._discom_is_masked():
            return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        found = {}
        for place, path in enumerate(fields):
            model = self._personal_model(path)
            if model is not None and model._personal_kind(path[-1]):
                found[place] = (model, tuple(path[:-1]))
        prefixes = list(dict.fromkeys(prefix for _model, prefix in found.values()))
        # One column more for each record a personal one comes from says whose it is.
        lines = super()._export_rows([*fields, *([*prefix, ".id"] for prefix in prefixes)])
        for place, (model, prefix) in found.items():
            name, owner = fields[place][-1], len(fields) + prefixes.index(prefix)
            ids = {int(line[owner]) for line in lines if line[owner]}
            shown, kind = model.browse(ids)._personal_shown_in(name), model._personal_kind(name)
            for line in lines:
                if line[place] and not (line[owner] and int(line[owner]) in shown):
                    line[place] = masked(kind, line[place]) or ""
        return [line[: len(fields)] for line in lines]

    @api.model
    def _personal_model(self, path):
        """The model of the last field of an export path, None where the path leads to none."""
        model = self
        for name in path[:-1]:
            field = model._fields.get(name)
            if not field or not field.comodel_name:
                return None
            model = model.env[field.comodel_name]
        return model

    def copy_data(self, default=None):
        """A copy holds of personal data only what the user sees."""
        rows = super().copy_data(default)
        if not self.env.su and self.env.user._discom_is_masked():
            for name in filter(self._personal_kind, self._fields):
                shown = self._personal_shown_in(name)
                for record, row in zip(self, rows, strict=True):
                    if record.id not in shown and name not in (default or {}):
                        row.pop(name, None)
        return rows

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Who sees a field masked is offered neither order nor groups by it."""
        result = super().fields_get(allfields, attributes)
        if not self.env.su and self.env.user._discom_is_masked():
            for name, description in result.items():
                kind = self._personal_kind(name)
                if kind and not self._personal_by_role(kind):
                    for key in ("sortable", "groupable"):
                        if key in description:
                            description[key] = False
        return result

    # === QUESTIONS === #

    @api.model
    def _search(
        self,
        domain,
        offset=0,
        limit=None,
        order=None,
        *,
        active_test=True,
        bypass_access=False,
    ):
        if not self.env.su and self.env.user._discom_is_masked():
            # Optimised, a domain has its related fields, names and own searches taken apart.
            domain = self._personal_guard(Domain(domain).optimize_full(self))
        return super()._search(
            domain, offset, limit, order, active_test=active_test, bypass_access=bypass_access
        )

    @api.model
    def _personal_guard(self, domain):
        """Return ``domain`` so that it finds nobody by a part of what the user sees masked."""

        whole = set()

        def guard(condition):
            name, operator, value = condition.field_expr, condition.operator, condition.value
            field = self._fields.get(name)
            if isinstance(value, Domain) and field and field.comodel_name:
                comodel = self.env[field.comodel_name]
                return Domain(name, operator, comodel._personal_guard(value))
            kind = self._personal_kind(name)
            if not kind or self._personal_by_role(kind):
                return condition
            asked = _asked_for(operator, value)
            if asked is not None and (
                not asked or (kind in EXACT_KINDS and len(asked) <= EXACT_LIMIT)
            ):
                whole.update(asked)
                return condition
            return condition & self._personal_domain(kind)

        guarded = domain.map_conditions(guard)
        self.env["discom.asked"]._take(whole)
        return guarded

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        self._personal_check(field_name)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _read_group_groupby(self, alias, groupby_spec, query):
        self._personal_check(groupby_spec)
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _read_group_select(self, aggregate_spec, query):
        self._personal_check(aggregate_spec)
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _personal_check(self, spec):
        """
        :raise AccessError: where the order or the groups would tell what the user sees masked
        """
        name = spec.split(":")[0].split(".")[0]
        kind = self._personal_kind(name)
        if kind and not self.env.su and not self._personal_by_role(kind):
            raise AccessError(
                self.env._(
                    "“%(field)s” is shown masked to your role, so lists are neither ordered nor "
                    "grouped by it.",
                    field=self._fields[name]._description_string(self.env),
                )
            )


def _asked_for(operator, value):
    """Return the whole values that a condition asks for, None where it asks for parts."""
    if operator not in ("in", "not in"):
        return None
    try:
        return set(value) - {False, None}
    except TypeError:
        # A subquery, which no client can send.
        return set()
