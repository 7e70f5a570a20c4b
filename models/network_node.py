from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DiscomNodeMixin(models.AbstractModel):
    """What the two trees of the network share: path as name, no loops, consumers counted below.

    A model that inherits this sets ``_parent_store`` and defines ``parent_id``, and names in
    ``_consumer_field`` the many2one of ``res.partner`` that points to it.
    """

    _name = "discom.node.mixin"
    _description = "Node of the network"

    _consumer_field = None

    name = fields.Char(required=True)
    name_hi = fields.Char(
        "Name in Hindi",
        help="Used in messages and documents for consumers, and on screens in Hindi.",
    )
    parent_path = fields.Char(index=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    consumer_count = fields.Integer("Consumers", compute="_compute_consumer_count")
    active = fields.Boolean(default=True)

    @api.depends("name", "name_hi", "parent_path")
    @api.depends_context("hierarchical_naming", "lang")
    def _compute_display_name(self):
        """Name the path to the node, or the node alone where the context asks so, as in a tree;
        in Hindi for who works in it."""
        hindi = (self.env.lang or "").startswith("hi")

        def called(node):
            return (hindi and node.name_hi) or node.name or ""

        if not self.env.context.get("hierarchical_naming", True):
            for node in self:
                node.display_name = called(node)
            return
        path_ids = {node: self._path_ids(node.parent_path) for node in self}
        ancestors = self.browse({node_id for ids in path_ids.values() for node_id in ids})
        # A label: the path may lead through nodes that the user may not open.
        names = {node.id: called(node) for node in ancestors.sudo() if node._is_named_in_path()}
        for node in self:
            above = [names[node_id] for node_id in path_ids[node][:-1] if node_id in names]
            node.display_name = " / ".join([*above, called(node)])

    @api.depends("parent_path")
    def _compute_consumer_count(self):
        """Count, in one grouped query, the consumers of each node and of all below it."""
        counts = dict.fromkeys(self.ids, 0)
        groups = self.env["res.partner"]._read_group(
            [("discom_consumer", "=", True), (self._consumer_field, "child_of", self.ids)],
            [self._consumer_field],
            ["__count"],
        )
        for node, count in groups:
            for node_id in self._path_ids(node.parent_path):
                if node_id in counts:
                    counts[node_id] += count
        for node in self:
            node.consumer_count = counts.get(node.id, 0)

    @api.constrains("parent_id")
    def _check_no_loop(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._(
                    "%(name)s would stand below itself. Choose another place above it.",
                    name=next((node.display_name for node in self if node._has_cycle()), ""),
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for node, vals in zip(self, vals_list, strict=True):
            if "code" not in (default or {}):
                vals["code"] = self.env._("%(code)s (copy)", code=node.code)
        return vals_list

    def action_open_consumers(self):
        """Open the consumers of this node and of those below it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_consumer_action")
        action["domain"] = [
            ("discom_consumer", "=", True),
            (self._consumer_field, "child_of", self.id),
        ]
        return action

    def _is_named_in_path(self):
        """Tell whether this node is part of the names of the nodes below it."""
        return True

    @api.model
    def _path_ids(self, parent_path):
        """Return the ids in a ``parent_path``, from the root to the node itself."""
        return [int(part) for part in (parent_path or "").split("/") if part]
