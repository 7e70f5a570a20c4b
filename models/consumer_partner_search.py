import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.phone import COUNTRY_CODE
from ..tools.search import SIGNS, escape_like, search_code, search_words, without_signs

# What the one search box looks into. The indexes below hold the same expressions.
NAME_FIELDS = ["name", "discom_name_hi"]
#: Numbers that tell a phone; who sees them masked finds a consumer by the whole of one only.
PHONE_FIELDS = ["discom_whatsapp_number", "phone_sanitized", "phone"]
#: Stored as printed, with signs and without; the indexes hold them without.
CODE_FIELDS = {"discom_book_no", "discom_sc_no", "discom_kno", "discom_meter_no"}
# With codes so short that only the whole one says anything.
WORD_FIELDS = [*NAME_FIELDS, "discom_book_no", "discom_sc_no"]
NUMBER_FIELDS = [
    "discom_account_no",
    "discom_old_account_no",
    "discom_book_no",
    "discom_sc_no",
    "discom_kno",
    "discom_meter_no",
    *PHONE_FIELDS,
]
#: A shorter number is looked for as a word of its own: it is a part of too many others.
MIN_DIGITS = 4
#: Of a mobile number; see :func:`search_words`.
PHONE_DIGITS = 10
#: What finds up to so many consumers is narrowed down to their ids before anything else is asked.
FEW = 1_000
# What Odoo looks into for the display name of a contact.
DISPLAY_NAME_FIELDS = ["complete_name", "email", "ref", "vat", "company_registry"]


def _joined(column, names):
    """Return the SQL that joins fields, a blank after each, codes without their signs; immutable,
    for the indexes.

    :param column: function of the name of a field to the SQL of its column
    """
    return SQL(" || ").join(
        SQL(f"COALESCE(translate(%s, '{SIGNS}', '') || ' ', '')", column(name))
        if name in CODE_FIELDS
        else SQL("COALESCE(%s || ' ', '')", column(name))
        for name in names
    )


def _words(column):
    """Return the SQL of the words of a consumer, in small letters, as an array.

    :param column: function of the name of a field to the SQL of its column
    """
    return SQL("string_to_array(lower(%s), ' ')", _joined(column, WORD_FIELDS))


def _number_index(registry):
    """Return the definition of the trigram index, or nothing where PostgreSQL lacks ``pg_trgm``."""
    if not registry.has_trigram:
        return ""
    numbers = _joined(SQL.identifier, NUMBER_FIELDS).code
    return f"USING gin (({numbers}) gin_trgm_ops) WHERE discom_consumer"


def _word_index(registry):
    """Return the definition of the index of whole words: exact, where trigrams only guess."""
    return f"USING gin (({_words(SQL.identifier).code})) WHERE discom_consumer"


def _display_name_index(registry):
    """Return the definition of an index for Odoo's own search by display name.

    Among a few hundred thousand contacts that search would read the whole table with every letter
    typed into any field for a contact.
    """
    if not registry.has_trigram:
        return ""
    names = ", ".join(f"{name} gin_trgm_ops" for name in DISPLAY_NAME_FIELDS)
    return f"USING gin ({names})"


class DiscomNameWord(models.Model):
    _inherit = "discom.name.word"

    @api.model
    def _forget(self, words):
        """Delete those of ``words`` that no consumer's name holds any more."""
        held = _words(lambda name: SQL.identifier("p", name))
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_name_word w
                 WHERE w.word = ANY(%s)
                   AND NOT EXISTS (SELECT FROM res_partner p
                                    WHERE p.discom_consumer AND %s @> ARRAY[w.word::text])
                """,
                words,
                held,
            )
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_search = fields.Char(
        "Consumer",
        compute="_compute_discom_search",
        search="_search_discom_search",
        help="Finds a consumer by any number, phone or name, also with a letter misspelt.",
    )

    _discom_number_idx = models.Index(_number_index)
    _discom_word_idx = models.Index(_word_index)
    _discom_display_name_idx = models.Index(_display_name_index)

    def _compute_discom_search(self):
        """A field to search by; it has nothing to show."""
        self.discom_search = False

    @api.model
    def _search_discom_search(self, operator, value):
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        words = search_words(value)
        code = search_code(value)
        if not (self.env.su or self._personal_by_role("phone")):
            # Of a number that is masked the whole one is found.
            asked = [*words, code]
            self.env["discom.asked"]._take([word for word in asked if len(word) >= PHONE_DIGITS])
        known = self.env["discom.name.word"]
        as_written = {word: known._holding(word) for word in words}
        near = {word: known._near(word) for word in words}
        # A number that is printed with a blank is several words, of which some may be in names.
        coded = self._discom_search_first({code: []})[:FEW] if code else []
        # As written; then with the words corrected that no name has; then with any of them.
        for meant in (
            as_written,
            {word: as_written[word] or near[word] for word in words},
            {word: as_written[word] + near[word] for word in words},
        ):
            found = self._discom_search_first(meant)
            if found or coded:
                break
        if len(found) <= FEW:
            return Domain("id", "in", [*found, *coded])
        # With the offices, which the record rules ask for in a way that no index serves.
        return Domain("id", "in", coded) | Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(%s AND %s)",
                self._discom_search_sql(
                    meant, lambda name: model._field_to_sql(alias, name, query), alias
                ),
                self._discom_search_scope(alias),
            )
        )

    @api.depends("discom_account_no")
    @api.depends_context("discom_name_alone")
    def _compute_display_name(self):  # pylint: disable=missing-return
        super()._compute_display_name()
        formatted = self.env.context.get("formatted_display_name")
        # Lists with a column of its own for the account number ask for the name alone.
        alone = self.env.context.get("discom_name_alone")
        for partner in self.filtered("discom_account_no"):
            # Many share a name; the account number tells them apart.
            number = partner.discom_account_no
            suffix = f" \t --{number}--" if formatted else f" ({number})"
            # Below the person that they belong to, most have the name of the person.
            shown = partner.display_name
            if partner.parent_id:
                shown = shown.removeprefix(f"{partner.name}, ")
            partner.display_name = shown if alone else f"{shown}{suffix}"

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
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        """Look once for what is then read and counted."""

        def looked_for(condition):
            if condition.field_expr != "discom_search":
                return condition
            found = self._search_discom_search(condition.operator, condition.value)
            return condition if found is NotImplemented else found

        return super().web_search_read(
            Domain(domain).map_conditions(looked_for),
            specification,
            offset=offset,
            limit=limit,
            order=order,
            count_limit=count_limit,
        )

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Look among the consumers alone where only they are asked for: an index serves that."""
        conditions = list(Domain(domain or Domain.TRUE))
        consumers_only = ("discom_consumer", "=", True) in conditions
        mixed = any(condition in ("|", "!") for condition in conditions)
        if name and operator == "ilike" and consumers_only and not mixed:
            consumers = self.search_fetch(
                Domain(domain) & Domain("discom_search", operator, name),
                ["display_name"],
                limit=limit,
            )
            self._discom_note_reading(len(consumers), ["display_name"])
            # sudo: as in the method overridden, whoever finds a record may see its name.
            return [(consumer.id, consumer.display_name) for consumer in consumers.sudo()]
        return super().name_search(name, domain, operator, limit)

    def get_formview_id(self, access_uid=None):
        """A consumer opens in the form made for consumers, wherever the link stands."""
        if len(self) == 1 and self.discom_consumer:
            return self.env.ref("discom.discom_consumer_view_form").id
        return super().get_formview_id(access_uid)

    @api.model
    def _discom_search_first(self, meant):
        """Return the ids of the first ``FEW`` consumers found, and one more where there are others.

        The indexes answer in the same time whatever is asked. Left to itself the planner takes an
        order and a limit for a promise of many hits, and reads the table to its end for a few.

        :param dict meant: see :meth:`_discom_search_sql`
        """
        if not all(names or _has_digit(word) for word, names in meant.items()):
            return []
        names = [*NAME_FIELDS, *NUMBER_FIELDS, "discom_consumer", "discom_office_id", "active"]
        self.flush_model(names)
        conditions = [
            self._discom_search_sql(meant, lambda name: SQL.identifier("p", name), "p"),
            self._discom_search_scope("p"),
        ]
        if self.env.context.get("active_test", True):
            conditions.append(SQL("p.active"))
        rows = self.env.execute_query(
            SQL(
                """
                WITH hit AS MATERIALIZED (SELECT p.id FROM res_partner p WHERE %s)
                SELECT id FROM hit LIMIT %s
                """,
                SQL(" AND ").join(conditions),
                FEW + 1,
            )
        )
        return [partner_id for (partner_id,) in rows]

    @api.model
    def _discom_search_scope(self, alias):
        """Return the SQL of what the user may see at all; the record rules come on top of it."""
        user = self.env.user
        if self.env.su or user.has_group("discom.group_administrator"):
            return SQL("TRUE")
        offices = self.env["discom.office"].with_context(active_test=False)
        scope = offices.search([("id", "child_of", user.discom_scope_ids.ids)])
        return SQL("%s = ANY(%s)", SQL.identifier(alias, "discom_office_id"), scope.ids)

    @api.model
    def _discom_search_sql(self, meant, column, alias):
        """Return the SQL condition of consumers that hold each word in any field searched.

        :param dict meant: word -> words of names that it stands for
        :param column: function of the name of a field to the SQL of its column
        :param alias: of the table
        """

        shown = self.env.su or self._personal_by_role("phone")

        def holds(names, word):
            """As typed, and without the signs in it."""
            return SQL(
                "(%s)",
                SQL(" OR ").join(
                    SQL("(%s) ILIKE %s", _joined(_of_n, names), f"%{escape_like(spelling)}%")
                    for spelling in dict.fromkeys((word, without_signs(word)))
                ),
            )

        def numbers(word):
            """The index is asked in any case; it knows no users."""
            anywhere = holds(NUMBER_FIELDS, word)
            if shown:
                return anywhere
            codes = [name for name in NUMBER_FIELDS if name not in PHONE_FIELDS]
            return SQL(
                "(%s AND (%s OR %s))",
                anywhere,
                holds(codes, word),
                SQL(" OR ").join(
                    SQL("%s IN (%s, %s)", _of_n(name), word, f"+{COUNTRY_CODE}{word}")
                    for name in PHONE_FIELDS
                ),
            )

        def condition(word, names):
            if not _has_digit(word):
                return SQL("%s && %s", _words(column), names)
            bare = without_signs(word)
            whole = [word.lower(), bare.lower(), *names]
            if len(bare) < MIN_DIGITS:
                return SQL("%s && %s", _words(column), whole)
            # As an array, so that it is looked up once, in the indexes of both.
            return SQL(
                "%s = ANY(ARRAY(SELECT n.id FROM res_partner n WHERE n.discom_consumer"
                " AND (%s && %s OR %s)))",
                SQL.identifier(alias, "id"),
                _words(_of_n),
                whole,
                numbers(word),
            )

        return SQL(
            "(%s)",
            SQL(" AND ").join(
                [column("discom_consumer"), *(condition(*item) for item in meant.items())]
            ),
        )


def _of_n(name):
    return SQL.identifier("n", name)


def _has_digit(word):
    return re.search(r"\d", word) is not None
