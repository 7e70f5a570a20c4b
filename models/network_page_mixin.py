from collections.abc import Collection

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

#: Rows of a page and those before it, at most, that are read of each office.
MOST_ROWS = 1_000
#: Offices of a user, at most: of more than these, some have rows among the newest of all. A
#: division has some twenty.
MOST_OFFICES = 40


def _values(condition):
    """The values of a condition of a domain, one or several, as a set."""
    value = condition.value
    several = isinstance(value, Collection) and not isinstance(value, str)
    return set(value) if several else {value}


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

    #: {field: values, or None for any} that a domain may name: each office has such rows among its
    #: newest, or an index says that it has none. By others all that it has might be read in vain.
    _page_fields = {}
    #: Fields that are true for so few rows of an office that the rest of the domain is no matter.
    _page_bounds = frozenset()

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        query = super()._search(domain, offset, limit, order, **kwargs)
        if (
            not limit
            or order != self._order
            or offset + limit > MOST_ROWS
            or self.env.su
            or kwargs.get("bypass_access")
            or query.is_empty()
        ):
            return query
        offices = self._page_offices(Domain(domain))
        return query if offices is None else self._page_query(query, offices)

    def _page_offices(self, domain):
        """Return the offices of the user of which ``domain`` may have rows, or None where the page
        is not to be read by offices."""
        if {"|", "!"} & {term for term in domain if isinstance(term, str)}:
            return None
        own = Domain("id", "child_of", self.env.user.discom_scope_ids.ids)
        common, bound = True, False
        for condition in domain.iter_conditions():
            name, operator, values = condition.field_expr, condition.operator, _values(condition)
            if name == "office_id":
                if operator not in ("=", "in", "child_of") or not all(
                    type(value) is int for value in values
                ):
                    return None
                own &= Domain("id", operator, condition.value)
            elif name in self._page_bounds and operator in ("=", "in") and values == {True}:
                bound = True
            else:
                common = common and self._is_common(name, operator, values)
        if not (common or bound):
            return None
        offices = (
            self.env["discom.office"]
            .with_context(active_test=False)
            .search(own, limit=MOST_OFFICES + 1)
        )
        return offices if 0 < len(offices) <= MOST_OFFICES else None

    def _is_common(self, name, operator, values):
        if name not in self._page_fields:
            return False
        common = self._page_fields[name]
        if common is None:
            return operator in ("=", "in", "<", "<=", ">", ">=")
        return operator in ("=", "in") and values <= common

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
