from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.search import escape_like, search_words

# What the one search box looks into, names first. The index below holds the same expression.
NAME_FIELDS = ["name", "discom_name_hi"]
SEARCHED_FIELDS = [
    *NAME_FIELDS,
    "discom_account_no",
    "discom_old_account_no",
    "discom_book_no",
    "discom_sc_no",
    "discom_kno",
    "discom_meter_no",
    "discom_whatsapp_number",
    "phone_sanitized",
    "phone",
]
# What Odoo looks into for the display name of a contact.
DISPLAY_NAME_FIELDS = ["complete_name", "email", "ref", "vat", "company_registry"]


def _searched_text(columns):
    """Return the SQL that joins ``columns``, a blank around each; immutable, for the index."""
    return SQL("' ' || %s", SQL(" || ").join(SQL("COALESCE(%s || ' ', '')", c) for c in columns))


def _search_index(registry):
    """Return the definition of the trigram index, or nothing where PostgreSQL lacks ``pg_trgm``."""
    if not registry.has_trigram:
        return ""
    text = " || ".join(f"COALESCE({name} || ' ', '')" for name in SEARCHED_FIELDS)
    return f"USING gin ((' ' || {text}) gin_trgm_ops) WHERE discom_consumer"


def _display_name_index(registry):
    """Return the definition of an index for Odoo's own search by display name.

    Among a few hundred thousand contacts that search would read the whole table with every letter
    typed into any field for a contact.
    """
    if not registry.has_trigram:
        return ""
    names = ", ".join(f"{name} gin_trgm_ops" for name in DISPLAY_NAME_FIELDS)
    return f"USING gin ({names})"


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_search = fields.Char(
        "Consumer",
        compute="_compute_discom_search",
        search="_search_discom_search",
        help="Finds a consumer by any number, phone or name, also with a letter misspelt.",
    )

    _discom_search_idx = models.Index(_search_index)
    _discom_display_name_idx = models.Index(_display_name_index)

    def _compute_discom_search(self):
        """A field to search by; it has nothing to show."""
        self.discom_search = False

    @api.model
    def _search_discom_search(self, operator, value):
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        words = search_words(value)
        near_words = self.env["discom.name.word"]
        # As written; then with the words corrected that no name has; then with any of them.
        for correct in (
            lambda: {},
            lambda: near_words._near(words),
            lambda: near_words._near(words, known=True),
        ):
            domain = self._discom_search_domain(words, correct())
            if self.search_count(domain, limit=1):
                break
        return domain

    @api.depends("discom_account_no")
    def _compute_display_name(self):  # pylint: disable=missing-return
        super()._compute_display_name()
        formatted = self.env.context.get("formatted_display_name")
        for partner in self.filtered("discom_account_no"):
            # Many share a name; the account number tells them apart.
            number = partner.discom_account_no
            suffix = f" \t --{number}--" if formatted else f" ({number})"
            partner.display_name = f"{partner.display_name}{suffix}"

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if (
            operator != "ilike"
            or not isinstance(value, str)
            or not value
            or not self.env.user.has_group("discom.group_staff")
        ):
            return domain
        return Domain(domain) | Domain("discom_search", operator, value)

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Look among the consumers alone where only they are asked for: an index serves that."""
        conditions = list(Domain(domain or Domain.TRUE))
        consumers_only = ("discom_consumer", "=", True) in conditions
        if name and operator == "ilike" and consumers_only and not {"|", "!"} & set(conditions):
            consumers = self.search_fetch(
                Domain(domain) & Domain("discom_search", operator, name),
                ["display_name"],
                limit=limit,
            )
            # As in the method overridden: whoever finds a record may see its name.
            return [(consumer.id, consumer.display_name) for consumer in consumers.sudo()]
        return super().name_search(name, domain, operator, limit)

    def get_formview_id(self, access_uid=None):
        """A consumer opens in the form made for consumers, wherever the link stands."""
        if len(self) == 1 and self.discom_consumer:
            return self.env.ref("discom.discom_consumer_view_form").id
        return super().get_formview_id(access_uid)

    @api.model
    def _discom_search_domain(self, words, near):
        """Return the domain of the consumers that hold each of ``words`` in any field searched.

        :param dict near: word -> other words to take for it
        """

        def holds(text, word):
            patterns = [f"%{escape_like(word)}%"]
            # A blank stands before every word.
            patterns += [f"% {escape_like(other)}%" for other in near.get(word, ())]
            return SQL(
                "(%s)", SQL(" OR ").join(SQL("(%s) ILIKE %s", text, each) for each in patterns)
            )

        def to_sql(model, alias, query):
            text = _searched_text(
                [model._field_to_sql(alias, name, query) for name in SEARCHED_FIELDS]
            )
            conditions = [holds(text, word) for word in words]
            consumer = model._field_to_sql(alias, "discom_consumer", query)
            return SQL("(%s)", SQL(" AND ").join([consumer, *conditions]))

        return Domain.custom(to_sql=to_sql)
