from odoo import api, fields, models

from .bill import LIVE_STATES


class DiscomBillRun(models.Model):
    """How many bills of a run stand where, what the checks found on them, and the way there."""

    _inherit = "discom.bill.run"

    bill_count = fields.Integer("Bills", compute="_compute_bills")
    draft_count = fields.Integer("To Check", compute="_compute_bills")
    held_count = fields.Integer("Held Back", compute="_compute_bills")
    checked_count = fields.Integer("To Issue", compute="_compute_bills")
    issued_count = fields.Integer("Issued", compute="_compute_bills")
    cancelled_count = fields.Integer("Cancelled", compute="_compute_bills")
    amount_total = fields.Monetary("Payable", compute="_compute_bills")
    amount_held = fields.Monetary("Payable, Held Back", compute="_compute_bills")
    amount_issued = fields.Monetary("Payable, Issued", compute="_compute_bills")
    issued_share = fields.Float("Issued (%)", compute="_compute_bills")
    finding_html = fields.Html("What the Checks Found", compute="_compute_finding_html")

    @api.depends("bill_ids.state", "bill_ids.is_held", "bill_ids.amount_total")
    def _compute_bills(self):
        """Count the bills of all runs in one query; nothing is kept that could differ from it."""
        groups = {}
        for run, state, held, count, amount in self.env["discom.bill"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state", "is_held"],
            ["__count", "amount_total:sum"],
        ):
            key = "held" if held else "issued" if state in LIVE_STATES else state
            before = groups.setdefault(run.id, {}).get(key, (0, 0))
            groups[run.id][key] = (before[0] + count, before[1] + (amount or 0))
        for run in self:
            by_key = groups.get(run.id or run._origin.id, {})

            def count(key, by_key=by_key):
                return by_key.get(key, (0, 0))[0]

            def amount(*keys, by_key=by_key):
                return sum(by_key.get(key, (0, 0))[1] for key in keys)

            run.draft_count = count("draft")
            run.held_count = count("held")
            run.checked_count = count("checked")
            run.issued_count = count("issued")
            run.cancelled_count = count("cancelled")
            run.bill_count = sum(count for count, _amount in by_key.values())
            run.amount_total = amount("draft", "held", "checked", "issued")
            run.amount_held = amount("held")
            run.amount_issued = amount("issued")
            living = run.bill_count - run.cancelled_count
            run.issued_share = 100 * run.issued_count / living if living else 0

    @api.depends("bill_ids.is_held")
    def _compute_finding_html(self):
        counts = {}
        for run, check, level, state, count in self.env["discom.bill.finding"]._read_group(
            [("bill_id.run_id", "in", self.ids), ("state", "!=", "settled")],
            ["bill_id.run_id", "check_id", "level", "state"],
            ["__count"],
        ):
            row = counts.setdefault(run.id, {}).setdefault(
                check.id, {"name": check.display_name, "level": level, "open": 0, "released": 0}
            )
            row[state] += count
        for run in self:
            rows = counts.get(run.id)
            run.finding_html = rows and self.env["ir.qweb"]._render(
                "discom.discom_bill_run_findings", {"rows": rows.values()}
            )

    # === ACTION METHODS === #

    def action_open_bills(self):
        """Open the bills of the run; the context's ``bill_filter`` narrows them."""
        self.ensure_one()
        narrowed = {
            "draft": [("state", "=", "draft"), ("is_held", "=", False)],
            "held": [("is_held", "=", True)],
            "checked": [("state", "=", "checked")],
            "issued": [("state", "in", LIVE_STATES)],
            "cancelled": [("state", "=", "cancelled")],
        }
        wanted = self.env.context.get("bill_filter")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_bill_action_held" if wanted == "held" else "discom.discom_bill_action"
        )
        action["domain"] = [("run_id", "=", self.id), *narrowed.get(wanted, [])]
        action["context"] = {}
        action["display_name"] = self.display_name
        return action

    def action_open_findings(self):
        """Open what the checks found on the bills of the run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_bill_finding_action")
        action["domain"] = [("bill_id.run_id", "=", self.id)]
        action["context"] = {"search_default_open": 1, "search_default_group_by_check": 1}
        return action
