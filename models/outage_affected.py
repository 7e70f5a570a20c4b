"""Who is off: live connections below the assets of an outage, and in villages named by hand."""

import re
import unicodedata

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.search import escape_like


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    extra_villages = fields.Char(
        "Also in these villages",
        tracking=True,
        help="Villages that are off although the network on record does not lead there, parted by "
        "commas, written as at the consumers. Those of the outage's office count.",
    )

    @api.depends("asset_ids", "extra_villages", "office_id")
    def _compute_partner_count(self):
        counts = self._count_affected()
        for key, outage in self._affected_keys():
            outage.partner_count = counts.get(key, 0)

    @api.constrains("extra_villages", "office_id")
    def _check_extra_villages(self):
        """A name that nobody has would inform nobody, and nobody would notice."""
        for outage in self.filtered("extra_villages"):
            known = {
                name.casefold()
                for (name,) in self.env.execute_query(
                    SQL(
                        "SELECT DISTINCT partner.discom_village FROM res_partner partner WHERE %s",
                        self._sql_in_villages(outage.office_id, outage._extra_village_names()),
                    )
                )
            }
            unknown = [
                name for name in outage._extra_village_names() if name.casefold() not in known
            ]
            if unknown:
                raise ValidationError(
                    self.env._(
                        "%(name)s: no consumer of %(office)s lives in %(villages)s. Write the "
                        "name as it stands at the consumers.",
                        name=outage.name,
                        office=outage.office_id.name,
                        villages=", ".join(unknown),
                    )
                )

    def _extra_village_names(self):
        """Return the names in ``extra_villages``, each once, in one spelling of Unicode."""
        self.ensure_one()
        text = unicodedata.normalize("NFC", self.extra_villages or "")
        names = (" ".join(name.split()) for name in re.split(r"[,;\n]", text))
        return list(dict.fromkeys(filter(None, names)))

    @api.model
    def _sql_in_villages(self, office, names):
        """SQL condition on ``partner``: lives in one of the villages, served by ``office``."""
        return SQL(
            """
            partner.discom_village ILIKE ANY(%(names)s)
            AND partner.discom_office_id IN (
                SELECT id FROM discom_office WHERE parent_path LIKE %(path)s)
            AND %(live)s
            """,
            names=[escape_like(name) for name in names],
            path=f"{office.parent_path}%",
            live=self._sql_live("partner"),
        )

    def _affected_keys(self):
        """Return (key, outage) pairs; the key is its id, or negative where it is not saved yet."""
        return [(outage._origin.id or -place, outage) for place, outage in enumerate(self, 1)]

    def _sql_affected(self):
        """SELECT outage_id, partner_id, asset_id, village of the live connections that these
        outages touch.

        A connection comes once an outage, however many of its assets lie above it. Read past the
        record rules of consumers: a shared feeder does not end at the border of an office.
        """
        self.env["discom.asset"].flush_model(["parent_path"])
        self.env["res.partner"].flush_model(
            ["active", "discom_asset_id", "discom_consumer", "discom_office_id", "discom_status"]
            + ["discom_village"]
        )
        pairs = [
            (key, asset) for key, outage in self._affected_keys() for asset in outage.asset_ids.ids
        ]
        below = SQL(
            """
            SELECT covered.outage_id, partner.id AS partner_id, partner.discom_asset_id AS asset_id,
                   partner.discom_village AS village
              FROM (
                  SELECT DISTINCT chosen.outage_id, below.id AS asset_id
                    FROM unnest(%(keys)s::int[], %(assets)s::int[]) AS chosen(outage_id, asset_id)
                    JOIN discom_asset asset ON asset.id = chosen.asset_id
                    JOIN discom_asset below ON below.parent_path LIKE asset.parent_path || '%%'
                   ) covered
              JOIN res_partner partner ON partner.discom_asset_id = covered.asset_id
             WHERE %(live)s
            """,
            keys=[key for key, _asset in pairs],
            assets=[asset for _key, asset in pairs],
            live=self._sql_live("partner"),
        )
        parts = [below]
        for key, outage in self._affected_keys():
            names = outage._extra_village_names()
            if names and outage.office_id:
                parts.append(
                    SQL(
                        "SELECT %s, partner.id, partner.discom_asset_id, partner.discom_village"
                        " FROM res_partner partner WHERE %s",
                        key,
                        self._sql_in_villages(outage.office_id, names),
                    )
                )
        # Without villages the rows are distinct already, and 60,000 need no sorting.
        return SQL(" UNION ").join(parts)

    @api.model
    def _sql_concerning(self, partner_ids):
        """SELECT partner_id, outage_id of the announced and running outages of connections: those
        above their asset, and those that name their village."""
        self.flush_model(["asset_ids", "extra_villages", "office_id", "state"])
        self.env["discom.asset"].flush_model(["parent_path"])
        self.env["res.partner"].flush_model(
            ["discom_asset_id", "discom_office_id", "discom_village"]
        )
        return SQL(
            """
            SELECT partner.id AS partner_id, outage.id AS outage_id
              FROM res_partner partner
              JOIN discom_asset mine ON mine.id = partner.discom_asset_id
              JOIN discom_asset above ON mine.parent_path LIKE above.parent_path || '%%'
              JOIN discom_outage_asset_rel rel ON rel.asset_id = above.id
              JOIN discom_outage outage ON outage.id = rel.outage_id
             WHERE partner.id = ANY(%(ids)s) AND outage.state IN ('announced', 'ongoing')
             UNION
            SELECT partner.id, outage.id
              FROM discom_outage outage
        CROSS JOIN LATERAL regexp_split_to_table(outage.extra_villages, '[,;\n]') AS named(village)
              JOIN discom_office above ON above.id = outage.office_id
              JOIN discom_office mine ON mine.parent_path LIKE above.parent_path || '%%'
              JOIN res_partner partner
                   ON partner.discom_office_id = mine.id
                  AND lower(partner.discom_village) = lower(
                          normalize(btrim(regexp_replace(named.village, '[[:space:]]+', ' ', 'g'))))
             WHERE partner.id = ANY(%(ids)s) AND outage.state IN ('announced', 'ongoing')
               AND outage.extra_villages > ''
            """,
            ids=list(partner_ids),
        )

    def _count_affected(self):
        """Live connections off, in one query, also for outages not saved yet.

        :return: ``{key: count}`` by :meth:`_affected_keys`; who touches nobody is absent
        """
        if not self:
            return {}
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT outage_id, count(*) FROM (%s) AS affected GROUP BY outage_id",
                    self._sql_affected(),
                )
            )
        )

    @api.model
    def _count_below(self, assets):
        """Live connections below each asset: ``{asset id: count}``, in one query."""
        self.env["discom.asset"].flush_model(["parent_path"])
        self.env["res.partner"].flush_model(
            ["active", "discom_asset_id", "discom_consumer", "discom_status"]
        )
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT asset.id, count(*)
                      FROM discom_asset asset
                      JOIN discom_asset below ON below.parent_path LIKE asset.parent_path || '%%'
                      JOIN res_partner partner ON partner.discom_asset_id = below.id
                     WHERE asset.id = ANY(%(ids)s) AND %(live)s
                     GROUP BY asset.id
                    """,
                    ids=assets.ids,
                    live=self._sql_live("partner"),
                )
            )
        )

    def _villages(self):
        """Villages that are off, the largest first, by outage.

        :return: ``{id: [(name, Hindi name or None), ...]}``; where consumers of one village have
            several Hindi names, that of most
        """
        self.env["res.partner"].flush_model(["discom_village_hi"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT affected.outage_id, affected.village,
                       mode() WITHIN GROUP (ORDER BY NULLIF(partner.discom_village_hi, ''))
                  FROM (%s) AS affected
                  JOIN res_partner partner ON partner.id = affected.partner_id
                 WHERE affected.village > ''
                 GROUP BY 1, 2
                 ORDER BY 1, count(*) DESC, 2
                """,
                self._sql_affected(),
            )
        )
        villages = {}
        for outage_id, name, name_hi in rows:
            villages.setdefault(outage_id, []).append((name, name_hi))
        return villages

    @api.model
    def _sql_live(self, alias):
        """SQL condition: the partner is a connection that has supply."""
        return SQL(
            "%(p)s.active AND %(p)s.discom_consumer AND %(p)s.discom_status = 'live'",
            p=SQL.identifier(alias),
        )
