from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.search import escape_like

#: Consumers whose documents are looked up one by one. Of more than these a list is full soon, when
#: it looks at each document in its own order.
FEW_CONSUMERS = 1_000


class DiscomNumberSearch(models.AbstractModel):
    """One box that finds the documents of consumers: by their numbers, or by the consumer.

    A model that inherits this has a ``partner_id``, and names in ``_search_numbers`` the columns
    that are looked for by their beginning, in any case; each needs an index on
    ``(lower(column) text_pattern_ops)``. Each of these ways uses its index, which one condition
    with several ``OR`` could not.
    """

    _name = "discom.number.search"
    _description = "Search by number or consumer"

    _search_numbers = ()

    number_search = fields.Char(
        "Number or consumer",
        store=False,
        exportable=False,
        search="_search_number_search",
    )

    @api.model
    def _search_number_search(self, operator, value):
        """Find what somebody types into the search box of the list."""
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        text = value.strip()
        table = SQL.identifier(self._table)
        prefix = f"{escape_like(text.lower())}%"
        ways = [
            SQL("SELECT id FROM %s WHERE lower(%s) LIKE %s", table, SQL.identifier(name), prefix)
            for name in self._search_numbers
        ]
        consumers = self.env["res.partner"].with_context(active_test=False)
        found = consumers._search([("display_name", "ilike", text)], limit=FEW_CONSUMERS + 1)
        partner_ids = [partner_id for [partner_id] in self.env.execute_query(found.select())]
        if len(partner_ids) <= FEW_CONSUMERS:
            ways.append(SQL("SELECT id FROM %s WHERE partner_id = ANY(%s)", table, partner_ids))
            return Domain("id", "in", SQL("(%s)", SQL(" UNION ALL ").join(ways)))
        numbers = Domain("id", "in", SQL("(%s)", SQL(" UNION ALL ").join(ways)))
        return numbers | Domain("partner_id", "ilike", text)
