from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.search import MIN_MISSPELT, misspelling, without_longer

NAME_FIELDS = {"name", "discom_name_hi", "discom_consumer"}
#: Words proposed for a misspelt one, at most.
NEAR_LIMIT = 60


class DiscomNameWord(models.Model):
    """A word that occurs in the names of consumers, in small letters.

    A few thousand words stand for hundreds of thousands of names, so a misspelt word is compared
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
        self.env.cr.execute(
            SQL(
                r"""
                INSERT INTO discom_name_word (word)
                SELECT DISTINCT w.word
                  FROM res_partner p
            CROSS JOIN regexp_split_to_table(
                           lower(concat_ws(' ', p.name, p.discom_name_hi)), '\s+') AS w(word)
                 WHERE p.discom_consumer AND %s AND length(w.word) >= %s
                   AND NOT EXISTS (SELECT FROM discom_name_word known WHERE known.word = w.word)
                """,
                concerned,
                MIN_MISSPELT - 1,
            )
        )

    @api.model
    def _near(self, words, known=False):
        """Return {word: words that it may have been meant for}, by :func:`misspelling`.

        :param bool known: also for words with which a name begins as they are
        """
        near = {}
        for word in words:
            pattern = misspelling(word)
            if not pattern or not (known or self._is_unknown(word)):
                continue
            self.env.cr.execute(
                "SELECT word FROM discom_name_word WHERE word ~ %s LIMIT %s",
                [pattern, 10 * NEAR_LIMIT],
            )
            found = without_longer(other for (other,) in self.env.cr.fetchall())
            near[word] = found[:NEAR_LIMIT]
        return near

    @api.model
    def _is_unknown(self, word):
        """Tell whether no word of a name begins with ``word``."""
        self.env.cr.execute(
            "SELECT EXISTS (SELECT FROM discom_name_word WHERE starts_with(word, %s))",
            [word.casefold()],
        )
        return not self.env.cr.fetchone()[0]


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
