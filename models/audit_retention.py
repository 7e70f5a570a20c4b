import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

RUN_SECONDS = 90  # of the scheduled action; what is left goes with its next run
# Rules 6(1)(e) and 8(3) of the DPDP Rules 2025: logs, traffic data and what they are about are kept
# for one year at least.
YEAR = 365


@dataclass(frozen=True)
class Purge:
    """Something that goes when its time is over.

    :param label: what it is, translated
    :param model: name of the model that deletes it
    :param method: name of its method, which deletes a batch older than the rule says and returns
        how many, and whether there may be more
    :param domain: function of the time before which it goes to the domain of the records that go
    :param least: days that the law wants it kept
    """

    label: str
    model: str
    method: str
    domain: Callable
    least: int = 0


class DiscomRetentionRule(models.Model):
    """How long something is kept, from a day on, and on what ground.

    The newest rule that has begun counts. Without one, or where it is switched off, nothing goes.
    An area says what can go by extending :meth:`_purges`; what it says is deleted by
    :meth:`_cron_run` alone.
    """

    _name = "discom.retention.rule"
    _inherit = ["discom.audit.mixin"]
    _description = "Retention rule"
    _order = "what, date_from desc, id desc"
    _rec_name = "what"

    what = fields.Selection("_selection_what", required=True, index=True)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    keep_days = fields.Integer("Days kept", required=True, aggregator=None)
    basis = fields.Char("Ground", required=True, help="Law, order or decision, where it is read.")
    enabled = fields.Boolean("On", default=True, help="Off: kept for good.")
    is_current = fields.Boolean("In force", compute="_compute_is_current")
    run_ids = fields.One2many("discom.retention.run", "rule_id", "Runs")

    _what_date_uniq = models.UniqueIndex(
        "(what, date_from)",
        "There is a rule for these records from this day on already. Choose "
        "another day, or change that rule.",
    )
    _keep_days_positive = models.Constraint(
        "CHECK (keep_days > 0)", "Days to keep: enter 1 or more."
    )

    @api.model
    def _purges(self):
        """Return {key: Purge} of all that can go."""
        return {
            "audit": Purge(
                self.env._("Audit journal"),
                "discom.audit.entry",
                "_gc_entries",
                lambda before: [("at", "<", before)],
                YEAR,
            ),
        }

    def _selection_what(self):
        return [(key, purge.label) for key, purge in self._purges().items()]

    @api.depends("what", "date_from")
    def _compute_is_current(self):
        current = self._current()
        for rule in self:
            rule.is_current = current.get(rule.what) == rule

    @api.constrains("what", "keep_days", "enabled")
    def _check_keep_days(self):
        purges = self._purges()
        for rule in self:
            if rule.enabled and rule.keep_days < purges[rule.what].least:
                raise ValidationError(
                    self.env._(
                        "%(what)s: the law wants it kept for %(days)s days at least (rules 6(1)(e) "
                        "and 8(3) of the Digital Personal Data Protection Rules 2025).",
                        what=purges[rule.what].label,
                        days=purges[rule.what].least,
                    )
                )

    # === ACTIONS === #

    def action_dry_run(self):
        """Count what would go now, by the selected rules or by all, and delete nothing."""
        self.check_access("write")
        current = self._current()
        keys = set(self.mapped("what")) or set(current)
        runs = self.env["discom.retention.run"]
        for key, rule in current.items():
            if key in keys:
                started = time.monotonic()
                runs |= rule._note(rule._count(), time.monotonic() - started, dry=True)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What would go now"),
            "res_model": "discom.retention.run",
            "views": [(False, "list")],
            "domain": [("id", "in", runs.ids)],
            "target": "current",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _current(self):
        """Return {key: rule in force}, also of those switched off."""
        # sudo: how long something is kept does not depend on who asks.
        rules = self.sudo().search([("date_from", "<=", fields.Date.context_today(self))])
        current = {}
        for rule in rules:
            current.setdefault(rule.what, rule)
        return current

    @api.model
    def _before(self, what):
        """Return the time before which ``what`` goes, or None where it is kept for good."""
        rule = self._current().get(what)
        if not rule or not rule.enabled:
            return None
        days = max(rule.keep_days, self._purges()[what].least)
        return fields.Datetime.now() - timedelta(days=days)

    def _count(self):
        """Return how many records would go now."""
        before = self._before(self.what)
        if before is None:
            return 0
        purge = self._purges()[self.what]
        # sudo: figures for administrators, of all records alike.
        records = self.env[purge.model].sudo().with_context(active_test=False)
        return records.search_count(Domain(purge.domain(before)))

    def _note(self, number, seconds, dry=False):
        """Add the line of a run."""
        # sudo: nobody writes runs by hand.
        run = (
            self.env["discom.retention.run"]
            .sudo()
            .create(
                {
                    "rule_id": self.id,
                    "before": self._before(self.what),
                    "number": number,
                    "seconds": seconds,
                    "dry": dry,
                }
            )
        )
        return run.sudo(self.env.su)

    @api.model
    def _cron_run(self):
        """Delete what is over its time, batch by batch, and write down how much it was."""
        commit = self.env["ir.cron"]._commit_progress
        end = time.monotonic() + RUN_SECONDS
        purges = self._purges()
        left = [rule for rule in self._current().values() if self._before(rule.what) is not None]
        commit(remaining=len(left))
        for rule in left:
            started, number, more = time.monotonic(), 0, True
            purge = purges[rule.what]
            try:
                while more and time.monotonic() < end:
                    deleted, more = getattr(self.env[purge.model], purge.method)()
                    number += deleted
                    commit(0)
            # What cannot be deleted must not keep the rest beyond its time.
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Retention: %s cannot be deleted", rule.what)
            if number:
                rule._note(number, time.monotonic() - started)
                self.env["discom.audit.entry"]._log(
                    "retention",
                    purge.model,
                    self.env._(
                        "%(what)s older than %(days)s days", what=purge.label, days=rule.keep_days
                    ),
                    number=number,
                )
            if more and time.monotonic() >= end:
                break
            commit(1)


class DiscomRetentionRun(models.Model):
    """What a run has deleted, or would have."""

    _name = "discom.retention.run"
    _description = "Run of a retention rule"
    _order = "id desc"
    _rec_name = "rule_id"

    rule_id = fields.Many2one(
        "discom.retention.rule",
        "What",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    before = fields.Datetime("Older than", readonly=True)
    number = fields.Integer("Records", readonly=True, aggregator=None)
    seconds = fields.Float(readonly=True, aggregator=None, digits=(12, 1))
    dry = fields.Boolean("Dry run", readonly=True, help="Only counted, nothing was deleted.")
