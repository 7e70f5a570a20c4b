from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

#: Rows of a page and those before it, at most, that are read of each office.
MOST_ROWS = 1_000
#: Offices of a user, at most: of more than these, some have rows among the newest of all. A
#: division has some twenty.
MOST_OFFICES = 40


def _names_offices(condition):
    """Whether a condition of a domain names an office, or several, by id."""
    value, several = condition.value, isinstance(condition.value, (list, tuple))
    return condition.operator in ("=", "in", "child_of") and all(
        type(one) is int for one in (value if several else [value])
    )


class DiscomOfficePageMixin(models.AbstractModel):
    """Pages of a table of lakhs, newest first, for those who see some offices of many.

    PostgreSQL goes back through the rows of all offices until it has a page: where the file of
    another division came in last, through all of that. Here each office gives its newest rows, by
    an index that begins with the office and goes on in the order of the model, and the page is
    made of these: the same rows in the same order.

    For models with a stored ``office_id`` and a rule for all users that keeps them to their own
    offices.
    """

    _name = "discom.office.page.mixin"
    _description = "Pages by office"

    #: Fields of the order that a domain may compare: an index says what an office has of them.
    _page_fields = frozenset()
    #: A field that is true for so few rows of an office that all of them may be read, and others
    #: that a domain may name beside it.
    _page_bound = None
    _page_bound_fields = frozenset()

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        query = super()._search(domain, offset, limit, order, **kwargs)
        if self.env.su or kwargs.get("bypass_access") or not limit or order != self._order:
            return query
        if (offset or 0) + limit > MOST_ROWS or query.is_empty():
            return query
        offices = self._page_offices(Domain(domain))
        return self._page_query(query, offices) if offices else query

    def _page_offices(self, domain):
        """Return the offices of the user of which ``domain`` may have rows; none where the page is
        not to be read by offices."""
        none = self.env["discom.office"]
        if {"|", "!"} & {term for term in domain if isinstance(term, str)}:
            return none
        # Such as the areas of field staff, outside of which an office would be read in vain.
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        if {one.field_expr for one in rule.iter_conditions()} - {"office_id"}:
            return none
        own = Domain("id", "child_of", self.env.user.discom_scope_ids.ids)
        bound, beside = False, False
        for one in domain.iter_conditions():
            name, operator = one.field_expr, one.operator
            if name == "office_id" and _names_offices(one):
                own &= Domain("id", operator, one.value)
            elif name == self._page_bound and operator == "=" and one.value is True:
                bound = True
            elif name in self._page_bound_fields:
                beside = True
            elif name not in self._page_fields or operator not in ("=", "<", "<=", ">", ">="):
                return none
        if beside and not bound:
            return none
        # sudo: which companies are chosen does not matter here, as it does not for the rules.
        offices = none.sudo().with_context(active_test=False).search(own, limit=MOST_OFFICES + 1)
        return offices if len(offices) <= MOST_OFFICES else none

    def _page_query(self, query, offices):
        """Return a query of the same page that reads each of ``offices`` by itself.

        Each has a part with its id, not a place in a loop: what PostgreSQL knows of an office,
        above all that it has no rows, decides by which index it looks.
        """
        newest = SQL(" UNION ALL ").join(
            SQL(
                "(SELECT %s.* FROM %s WHERE %s AND %s = %s ORDER BY %s LIMIT %s)",
                SQL.identifier(self._table),
                query.from_clause,
                query.where_clause,
                self._field_to_sql(self._table, "office_id", query),
                office_id,
                query.order,
                query.limit + (query.offset or 0),
            )
            for office_id in offices.ids
        )
        page = Query(self.env, self._table, SQL("(%s)", newest))
        page.order, page.limit, page.offset = query.order, query.limit, query.offset
        return page
