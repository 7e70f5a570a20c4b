from odoo import api, fields, models
from odoo.exceptions import UserError


class DiscomConsentNotice(models.Model):
    """Text that is read out before a consumer consents, one record per version and language.

    The journal of consents names the version; a text that someone has consented to stays.
    """

    _name = "discom.consent.notice"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Consent notice"
    _order = "date_from desc, id desc"
    _rec_name = "version"
    _no_aadhaar = ("version", "spoken", "body")

    version = fields.Char(required=True, copy=False)
    lang = fields.Selection("_selection_lang", "Language", required=True)
    date_from = fields.Date(
        "In use from", required=True, default=lambda self: self.env["res.partner"]._discom_today()
    )
    spoken = fields.Text(
        "Read aloud",
        help="What is said to the consumer at the counter and at the door, in one breath. The whole"
        " text is on the screen below it, for whoever wants to read it. Empty: the whole text is"
        " read aloud.",
    )
    body = fields.Text("Text", required=True)
    active = fields.Boolean(default=True)

    _version_uniq = models.UniqueIndex(
        "(version, lang)",
        "There is a notice of this version in this language already. Enter the next version.",
    )

    def _selection_lang(self):
        return self.env["res.lang"].get_installed()

    @api.depends("version", "lang")
    def _compute_display_name(self):
        labels = dict(self._fields["lang"]._description_selection(self.env))
        for notice in self:
            label = labels.get(notice.lang, notice.lang)
            notice.display_name = f"{notice.version or ''} {label or ''}".strip()

    def write(self, vals):
        if {"version", "lang", "spoken", "body"} & vals.keys():
            self._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()

    def _shown(self):
        """Return what a screen shows of a notice: id, what is read aloud, whole text, language."""
        return {
            "id": self.id,
            "spoken": self.spoken or "",
            "body": self.body or "",
            "lang": self.lang,
        }

    @api.model
    def _current(self, lang):
        """Return the newest notice in use in ``lang``, else in Hindi, else in any language."""
        notices = self.search([("date_from", "<=", self.env["res.partner"]._discom_today())])
        for code in (lang, "hi_IN"):
            if found := notices.filtered(lambda notice, code=code: notice.lang == code):
                return found[0]
        return notices[:1]

    def _check_unused(self):
        """
        :raise UserError: where a consent was given on one of these notices.
        """
        # Whether a version was used does not depend on which consumers the user may see.
        used = self.env["discom.consent"].sudo()
        for notice in self:
            if used.search_count(
                [("notice_version", "=", notice.version), ("notice_lang", "=", notice.lang)],
                limit=1,
            ):
                raise UserError(
                    self.env._(
                        "Consumers have consented on notice %(notice)s, so its text stays as it "
                        "is. Make a new version.",
                        notice=notice.display_name,
                    )
                )
