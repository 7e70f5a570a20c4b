from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.search import escape_like

#: Outages shown one by one; the others are in the list.
SHOWN = 6


class DiscomControlRoom(models.AbstractModel):
    """Who is without supply, what waits for the user, and what a fresh database needs first."""

    _inherit = "discom.control.room"

    # === OUTAGES === #

    def _section_outages(self):
        outages = self.env["discom.outage"]
        now = fields.Datetime.to_string(fields.Datetime.now())
        told = ("state", "in", ("announced", "ongoing"))
        running = [told, ("date_start", "<=", now), *self._office_domain()]
        late = [*running, ("date_end_expected", "<", now)]
        ahead = [("state", "=", "announced"), ("date_start", ">", now), *self._office_domain()]
        found = outages.search(running)
        below, named = self._people(found)
        shown = found.sorted(lambda outage: outage.date_end_expected or outage.date_start)[:SHOWN]
        suggestions = self.env["discom.outage.suggestion"]
        likely = [("state", "=", "new"), *self._office_domain()]
        labels = dict(outages._fields["kind"]._description_selection(self.env))
        hindi = (self.env.lang or "").startswith("hi")

        def count(domain, title):
            return self._figure(outages.search_count(domain), outages._name, domain, title)

        return {
            "now": self._figure(
                len(found), outages._name, running, self.env._("Outages at this moment")
            ),
            "people": self._figure(
                below.get(False, 0) + named,
                "res.partner",
                self._affected_domain(found),
                self.env._("Consumers without supply"),
            ),
            "late": count(late, self.env._("Past their expected end")),
            "ahead": count(ahead, self.env._("Announced")),
            "likely": self._figure(
                suggestions.search_count(likely),
                suggestions._name,
                likely,
                self.env._("Likely breakdowns"),
            )
            if suggestions.has_access("read")
            else False,
            "list": [
                {
                    "id": outage.id,
                    "name": ", ".join(
                        (hindi and asset.name_hi) or asset.name for asset in outage.asset_ids[:2]
                    )
                    or outage.name,
                    "kind": labels[outage.kind],
                    "since": fields.Datetime.to_string(outage.date_start),
                    "until": fields.Datetime.to_string(outage.date_end_expected) or False,
                    "late": bool(
                        outage.date_end_expected
                        and fields.Datetime.to_string(outage.date_end_expected) < now
                    ),
                    # Villages named by hand are looked up; they are few.
                    "people": outage.with_prefetch(outage.ids).partner_count
                    if outage.extra_villages
                    else below.get(outage.id, 0),
                }
                for outage in shown
            ],
        }

    def _people(self, outages):
        """Count the live consumers whom these outages touch.

        Those below the assets are counted by asset beforehand, since a storm puts out a lakh.

        :return: {outage id: of all offices; False: of the offices looked at, each once}, and how
            many others of these offices live in villages named by hand
        """
        self.env["discom.asset"].flush_model(["parent_path"])
        pairs = [(outage.id, asset) for outage in outages for asset in outage.asset_ids.ids]
        rows = self.env.execute_query(
            SQL(
                """
                WITH touched AS MATERIALIZED (
                    SELECT DISTINCT chosen.outage_id, below.id AS asset_id
                      FROM unnest(%(outages)s::int[], %(assets)s::int[])
                               AS chosen(outage_id, asset_id)
                      JOIN discom_asset asset ON asset.id = chosen.asset_id
                      JOIN discom_asset below ON below.parent_path LIKE asset.parent_path || '%%'
                ), fed AS MATERIALIZED (
                    SELECT asset_id, office_id, number FROM discom_figure WHERE kind = 'asset')
                SELECT outage_id, sum(number)::int FROM touched JOIN fed USING (asset_id)
                 GROUP BY outage_id
                 UNION ALL
                SELECT NULL, COALESCE(sum(number), 0)::int FROM fed
                 WHERE office_id = ANY(%(offices)s)
                   AND asset_id IN (SELECT asset_id FROM touched)
                """,
                outages=[outage for outage, _asset in pairs],
                assets=[asset for _outage, asset in pairs],
                offices=self.env.context["discom_offices"],
            )
        )
        by_hand = outages.filtered("extra_villages")
        named = by_hand and self.env["res.partner"].search_count(
            Domain(self._affected_domain(by_hand))
            & ~Domain("discom_asset_id", "child_of", outages.asset_ids.ids)
        )
        return {outage or False: count for outage, count in rows}, named or 0

    def _affected_domain(self, outages):
        """Live consumers of the offices looked at below the assets of these outages, or in the
        villages that they name."""
        hit = Domain("discom_asset_id", "child_of", outages.asset_ids.ids)
        for outage in outages.filtered("extra_villages"):
            named = Domain.OR(
                Domain("discom_village", "=ilike", escape_like(name))
                for name in outage._extra_village_names()
            )
            hit |= named & Domain("discom_office_id", "child_of", outage.office_id.ids)
        return list(
            Domain("discom_consumer", "=", True)
            & Domain("discom_status", "=", "live")
            & Domain(self._office_domain("discom_office_id"))
            & hit
        )

    # === APPROVALS === #

    def _section_approvals(self):
        """What nobody but this user, or somebody in his place, can decide."""
        items = []
        for key, label, model, domain, title in self._waiting():
            value = self._held_count() if key == "held" else self.env[model].search_count(domain)
            if value:
                figure = self._figure(value, model, domain, title)
                items.append({"key": key, "label": label, "figure": figure})
        return {"items": items}

    def _waiting(self):
        """Return rows of key, label, model, domain and title of what waits for the user."""
        office, mine = self._office_domain(), self._may_approve
        broadcasts = [("state", "=", "to_approve"), *office]
        arrears = [("state", "=", "submitted"), *office]
        plans = [("state", "=", "submitted"), *office]
        return [
            (
                "broadcast",
                self.env._("Broadcasts"),
                "discom.whatsapp.broadcast",
                mine("discom.whatsapp.broadcast", broadcasts),
                self.env._("Broadcasts to be approved"),
            ),
            (
                "run",
                self.env._("Bill runs"),
                "discom.bill.run",
                [("id", "in", self._bill_runs())],
                self.env._("Bill runs to be approved"),
            ),
            (
                "held",
                self.env._("Held bills to release"),
                "discom.bill",
                self._held_domain(),
                self.env._("Held bills to release"),
            ),
            (
                "arrears",
                self.env._("Arrears runs"),
                "discom.notice.run",
                mine("discom.notice.run", arrears),
                self.env._("Arrears runs to be approved"),
            ),
            (
                "plan",
                self.env._("Payment plans"),
                "discom.payment.plan",
                mine("discom.payment.plan", plans),
                self.env._("Payment plans to be approved"),
            ),
            (
                "export",
                self.env._("Exports"),
                "discom.export.request",
                self._exports(),
                self.env._("Exports to be approved"),
            ),
        ]

    def _may_approve(self, model, domain):
        """Domain of the records that the user may approve; those that wait are few."""
        records = self.env[model].search(domain).filtered("may_approve")
        return [("id", "in", records.ids)]

    def _exports(self):
        """Domain of the requests for exports on which the user may decide."""
        requests = self.env["discom.export.request"].search(
            [("state", "=", "asked"), *self._office_domain()]
        )
        return [("id", "in", requests.filtered("can_decide").ids)]

    def _bill_runs(self):
        """Ids of bill runs with checked bills that this manager has to approve."""
        if not self.env.user.has_group("discom.group_division_manager"):
            return []
        runs = self.env["discom.bill.run"].search(
            [
                ("state", "in", ("checked", "issued", "sending", "done")),
                ("work", "=", False),
                *self._office_domain(),
            ]
        )
        runs = runs.filtered(
            lambda run: (
                not run.company_id.discom_run_four_eyes or self.env.user not in run._takers()
            )
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT run.id FROM discom_bill_run run
                 WHERE run.id = ANY(%s)
                   AND EXISTS (SELECT FROM discom_bill bill
                                WHERE bill.run_id = run.id AND bill.state = 'checked'
                                  AND NOT (%s))
                """,
                runs.ids,
                runs._sql_approved(),
            )
        )
        return [run for (run,) in rows]

    def _held_count(self):
        """How many :meth:`_held_domain` finds, by the index of the held ones."""
        if not self.env["discom.bill"].has_access("write"):
            return 0
        self.env["discom.bill"].flush_model(["author_id", "company_id", "is_held", "office_id"])
        companies = self.env.companies.filtered("discom_release_four_eyes")
        [[count]] = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FROM discom_bill
                 WHERE is_held IS TRUE AND office_id = ANY(%s)
                   AND (author_id IS DISTINCT FROM %s OR NOT company_id = ANY(%s))
                """,
                self.env.context["discom_offices"],
                self.env.uid,
                companies.ids,
            )
        )
        return count

    def _held_domain(self):
        """Bills that a check holds back, without those that another person has to release."""
        if not self.env["discom.bill"].has_access("write"):
            return [("id", "=", False)]
        domain = [("is_held", "=", True), *self._office_domain()]
        companies = self.env.companies.filtered("discom_release_four_eyes")
        return [*domain, "|", ("company_id", "not in", companies.ids),
                ("author_id", "!=", self.env.uid)]  # fmt: skip

    # === A FRESH DATABASE === #

    def _first_steps(self):
        """What to do first, in this order; for who does not set up, who does."""
        if not self.env["discom.setup.step"].has_access("read"):
            return [
                {
                    "label": self.env._(
                        "There are no consumers of your offices yet. An administrator brings in"
                        " offices, users and consumers; then the figures appear here."
                    ),
                    "done": False,
                    "id": False,
                }
            ]
        return [
            {"label": step.name, "done": step.state == "done", "id": step.id}
            for step in self.env["discom.setup.step"].search([])
        ]
