import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.cloud_api import Verdict

_logger = logging.getLogger(__name__)

ACTIONS = [
    ("retry", "Try again after a while"),
    ("throttle", "Slow the number down"),
    ("pair", "Let this person wait"),
    ("wait", "Try again after some hours"),
    ("hold", "Pause the broadcast"),
    ("stop", "Stop the number"),
    ("fail", "Give up"),
    ("opt_out", "Give up, withdraw consent for other information"),
    ("fallback", "Give up, use the other channel"),
]
#: What the dispatcher makes of an action; everything that is not here has failed.
VERDICTS = {
    "retry": Verdict.RETRY,
    "throttle": Verdict.THROTTLE,
    "pair": Verdict.PAIR,
    "wait": Verdict.WAIT,
    "hold": Verdict.PAUSE,
    "stop": Verdict.HALT,
}
#: A code is noted as seen at most once in this time: many transactions meet the same code.
SEEN_EVERY = timedelta(hours=1)
#: Codes one row may stand for.
MAX_RANGE = 1000
#: How the reason of a stop or a pause begins where a code is behind it.
CODED = re.compile(r"\((\d{1,7})\) ")


@dataclass(frozen=True, slots=True)
class Rule:
    """What the engine does about a code: ``action`` of :data:`ACTIONS`, hours of *wait*."""

    action: str
    wait_hours: int = 0


class DiscomWhatsappError(models.Model):
    """What an error code of WhatsApp means, what staff can do, and what the engine does.

    The engine decides by these records alone. A code that is in none of them fails its message with
    WhatsApp's own text and gets a record, so that administrators see what came and can decide.
    """

    _name = "discom.whatsapp.error"
    _description = "WhatsApp Error Code"
    _order = "code"

    code = fields.Integer(required=True, aggregator=None)
    last_code = fields.Integer(
        "To", required=True, aggregator=None, help="Last code of a range; the same for one code."
    )
    name = fields.Char("Meta's Title", required=True)
    kind = fields.Selection(
        [
            ("passing", "Passing fault"),
            ("limit", "Limit"),
            ("account", "Account"),
            ("recipient", "Recipient"),
            ("window", "24-hour window"),
            ("content", "Content"),
            ("media", "Document"),
            ("template", "Template"),
            ("registration", "Registration"),
            ("unknown", "Not in Meta's list"),
        ],
        "Class",
        required=True,
        default="unknown",
    )
    action = fields.Selection(ACTIONS, required=True, default="fail")
    wait_hours = fields.Integer("Hours", aggregator=None)
    meaning = fields.Char(required=True)
    meaning_hi = fields.Char("Meaning (Hindi)")
    advice = fields.Char("What to Do")
    advice_hi = fields.Char("What to Do (Hindi)")
    own_meaning = fields.Char("Meaning in Your Language", compute="_compute_own_language")
    own_advice = fields.Char("What to Do, in Your Language", compute="_compute_own_language")
    source = fields.Char()
    last_seen = fields.Datetime(readonly=True, help="To the hour.")
    message_count = fields.Integer("Messages", compute="_compute_message_count")

    _code_uniq = models.Constraint(
        "unique(code)", "There is a line for this code already. Change that one."
    )
    _range = models.Constraint(
        f"CHECK(last_code BETWEEN code AND code + {MAX_RANGE})",
        "A range ends at or after its first code, and holds 1,000 codes at most.",
    )
    _wait = models.Constraint(
        "CHECK(action <> 'wait' OR COALESCE(wait_hours, 0) BETWEEN 1 AND 720)",
        "Say after how many hours (1 to 720) it is tried again.",
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for error in self:
            error.display_name = f"{error.code} {error.name or ''}".rstrip()

    @api.depends("meaning", "meaning_hi", "advice", "advice_hi")
    @api.depends_context("lang")
    def _compute_own_language(self):
        hindi = (self.env.lang or "").startswith("hi")
        for error in self:
            error.own_meaning = (hindi and error.meaning_hi) or error.meaning
            error.own_advice = (hindi and error.advice_hi) or error.advice

    def _compute_message_count(self):
        counts = {}
        if self:
            counts = dict(
                self.env["discom.whatsapp.message"]._read_group(
                    [("error_code", ">=", min(self.mapped("code"))), ("state", "=", "failed")],
                    ["error_code"],
                    ["__count"],
                )
            )
        for error in self:
            error.message_count = sum(
                count for code, count in counts.items() if error.code <= code <= error.last_code
            )

    @api.constrains("code", "last_code")
    def _check_overlap(self):
        for error in self:
            if self.search_count(
                [
                    ("id", "!=", error.id),
                    ("code", "<=", error.last_code),
                    ("last_code", ">=", error.code),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "Another line covers code %(code)s already. Change that one, or choose "
                        "other codes.",
                        code=error.code,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{"last_code": vals.get("code"), **vals} for vals in vals_list])

    def write(self, vals):
        """Extend: what an administrator decided is not overwritten by an update of the add-on."""
        if not self.env.context.get("install_module"):
            # sudo: the administrator of the add-on may not edit external identifiers.
            self.env["ir.model.data"].sudo().search(
                [("model", "=", self._name), ("res_id", "in", self.ids), ("noupdate", "=", False)]
            ).noupdate = True
        return super().write(vals)

    def action_open_messages(self):
        """Open the messages that failed with these codes."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_message_action"
        )
        action["domain"] = [
            ("state", "=", "failed"),
            ("error_code", ">=", self.code),
            ("error_code", "<=", self.last_code),
        ]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _rules(self):
        """Return {code: :class:`Rule`}; one query, kept by the caller for one run."""
        # sudo: the engine decides by all codes, whoever runs it.
        return {
            code: Rule(error.action, error.wait_hours)
            for error in self.sudo().search_fetch([], ["code", "last_code", "action", "wait_hours"])
            for code in range(error.code, error.last_code + 1)
        }

    @api.model
    def _verdicts(self, rules):
        """Return {code: Verdict} of ``rules`` for the dispatcher."""
        return {code: VERDICTS.get(rule.action, Verdict.FAILED) for code, rule in rules.items()}

    @api.model
    def _note_seen(self, texts, rules):
        """Note that codes came, and give those that nobody knows a row.

        :param dict texts: code -> WhatsApp's text
        :param dict rules: as of :meth:`_rules`
        """
        now = fields.Datetime.now()
        unknown = {code: text for code, text in texts.items() if code not in rules}
        for code, text in unknown.items():
            _logger.warning("WhatsApp error code %s is not in the table: %s", code, text)
        if unknown:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO discom_whatsapp_error (
                        code, last_code, name, kind, action, meaning, wait_hours,
                        create_date, write_date)
                    SELECT code, code, text, 'unknown', 'fail', text, 0, %(now)s, %(now)s
                      FROM unnest(%(codes)s::int[], %(texts)s) AS v (code, text)
                    ON CONFLICT DO NOTHING
                    """,
                    now=now,
                    codes=list(unknown),
                    texts=[text or self.env._("No text") for text in unknown.values()],
                )
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_error e SET last_seen = %(now)s
                  FROM unnest(%(codes)s::int[]) AS v (code)
                 WHERE v.code BETWEEN e.code AND e.last_code
                   AND (e.last_seen IS NULL OR e.last_seen < %(before)s)
                """,
                now=now,
                before=now - SEEN_EVERY,
                codes=list(texts),
            )
        )
        self.invalidate_model()

    @api.model
    def _explain_reason(self, reason):
        """Return a stored ``(code) text of WhatsApp`` with meaning and advice, in the language of
        the user, before it; any other text as it is."""
        match = CODED.match(reason or "")
        if not match:
            return reason
        code = int(match[1])
        meaning, advice = self._explain_codes([code]).get(code, ("", ""))
        return "\n".join(filter(None, (meaning, advice, reason)))

    @api.model
    def _explain_codes(self, codes):
        """Return {code: (meaning, advice)} in the language of the user, of the codes known."""
        hindi = (self.env.lang or "").startswith("hi")
        # sudo: whoever sees a message may know why it failed.
        errors = self.sudo().search_fetch(
            [("code", "<=", max(codes)), ("last_code", ">=", min(codes))]
        ) if codes else self.browse()  # fmt: skip
        return {
            code: (
                (hindi and error.meaning_hi) or error.meaning,
                (hindi and error.advice_hi) or error.advice,
            )
            for error in errors
            for code in codes
            if error.code <= code <= error.last_code
        }
