from dataclasses import dataclass

from odoo import api, models

from .consumer_kyc_event import KYC_SOURCES

_KEY = "discom_kyc_way"


@dataclass(frozen=True)
class KycWay:
    """How contact data come in, for the history: what the code that takes them knows.

    It travels in the context as an object. What a client sends is JSON, so no call from outside can
    put one there: a source, a place or a ground in the history was never typed by a user.

    :ivar source: key of ``KYC_SOURCES``; by default the one that fits the user's role
    :ivar place: counter, camp or area
    :ivar evidence: code, message or file that the change rests on
    """

    source: str | None = None
    place: str | None = None
    evidence: str | None = None


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_by_way(self, source=None, place=None, evidence=None):
        """Return these consumers for changes that the history shall say this of (see KycWay)."""
        return self.with_context(**{_KEY: KycWay(source or None, place or None, evidence or None)})

    @api.model
    def _discom_kyc_way(self):
        """Return the way by which data are taken now; the source is always set."""
        way = self.env.context.get(_KEY)
        if not isinstance(way, KycWay):
            way = KycWay()
        if way.source in dict(KYC_SOURCES):
            return way
        user = self.env.user
        in_field = user.has_group("discom.group_field_surveyor")
        at_counter = user.has_group("discom.group_counter_clerk")
        return KycWay(
            "field" if in_field and not at_counter else "counter", way.place, way.evidence
        )
