from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.search import escape_like, misspelling

NAME_FIELDS = {"name", "discom_name_hi", "discom_consumer"}
#: Words that one word of a search may stand for, at most; the shortest come first.
WORDS_LIMIT = 1_000
#: A shorter word is looked for where words begin: it is a part of too many others.
MIN_PART = 3


class DiscomNameWord(models.Model):
    """A word that occurs in the names of consumers, in small letters.

    Some thousand words stand for hundreds of thousands of names. What somebody types is compared
    with these, and the names are found by the words it may have meant. Words only come; one that
    no name holds any more finds nothing.
    """

    _name = "discom.name.word"
    _description = "Word of a name"
    _log_access = False
    _rec_name = "word"

    word = fields.Char(required=True)

    # Not unique: two who learn the same word at the same time must not hinder each other.
    _word_idx = models.Index("(word)")

    def init(self):
        """Learn the names of consumers that were there before this list."""
        self.env.cr.execute("SELECT EXISTS (SELECT FROM discom_name_word)")
        if not self.env.cr.fetchone()[0]:
            self._learn()

    @api.model
    def _learn(self, consumers=None):
        """Add the words of names that are not known, in one statement.

        :param consumers: ids, or SQL that selects them; all where left out
        """
        if consumers is None:
            concerned = SQL("TRUE")
        elif isinstance(consumers, SQL):
            concerned = SQL("p.id IN (%s)", consumers)
        else:
            concerned = SQL("p.id = ANY(%s)", list(consumers))
        # Words are divided as the index of consumer_partner_search.py divides them.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_name_word (word)
                SELECT DISTINCT w.word
                  FROM res_partner p
            CROSS JOIN unnest(
                           string_to_array(lower(concat_ws(' ', p.name, p.discom_name_hi)), ' ')
                       ) AS w(word)
                 WHERE p.discom_consumer AND %s AND w.word <> ''
                   AND NOT EXISTS (SELECT FROM discom_name_word known WHERE known.word = w.word)
                """,
                concerned,
            )
        )

    @api.model
    def _holding(self, word):
        """Return the words that ``word`` is a part of."""
        before = "%" if len(word) >= MIN_PART else ""
        return self._fetch(SQL("word LIKE %s", f"{before}{escape_like(word.lower())}%"))

    @api.model
    def _near(self, word):
        """Return the words that differ from ``word`` by a letter, else those that begin so."""
        pattern = misspelling(word)
        if not pattern:
            return []
        whole = self._fetch(SQL("word ~ %s", f"^{pattern}$"))
        return whole or self._fetch(SQL("word ~ %s", f"^{pattern}"))

    def _fetch(self, condition):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT word FROM discom_name_word WHERE %s
              GROUP BY word ORDER BY length(word), word LIMIT %s
                """,
                condition,
                WORDS_LIMIT,
            )
        )
        return [word for (word,) in rows]


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._discom_learn_names()
        return partners

    def write(self, vals):
        result = super().write(vals)
        if NAME_FIELDS & vals.keys():
            self._discom_learn_names()
        return result

    def _discom_learn_names(self):
        """Learn the words in the names of the consumers among these."""
        consumers = self.filtered("discom_consumer")
        if consumers:
            self.flush_model(list(NAME_FIELDS))
            self.env["discom.name.word"]._learn(consumers.ids)
