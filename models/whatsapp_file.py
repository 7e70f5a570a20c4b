import hashlib
import logging
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools import media_kind
from ..tools.cloud_api import CloudApiError, Verdict, judge_error
from ..tools.identity import mask_aadhaar

_logger = logging.getLogger(__name__)

#: Files fetched between two commits.
BATCH = 10
#: Tries of a file for passing reasons; of one that Meta could not download, two.
TRIES = 5
#: Meta could not download the file from the phone; it may have it a minute later.
MEDIA_DOWNLOAD = 131052
BACKOFF = timedelta(minutes=1)
#: Meta keeps what comes in for seven days.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
KEPT = timedelta(days=7)
#: Files of one phone in an hour; who sends more is no consumer with a broken meter.
PER_PHONE = 30


class DiscomWhatsappFile(models.Model):
    """A file that a consumer has sent: fetched by a cron, checked, kept beside the message."""

    _name = "discom.whatsapp.file"
    _description = "File from WhatsApp"
    _order = "id desc"
    _rec_name = "filename"

    message_id = fields.Many2one(
        "discom.whatsapp.message", required=True, readonly=True, ondelete="cascade", index=True
    )
    account_id = fields.Many2one(
        "discom.whatsapp.account", required=True, readonly=True, ondelete="cascade"
    )
    office_id = fields.Many2one(related="message_id.office_id")
    wa_media_id = fields.Char("ID at Meta", readonly=True)
    filename = fields.Char(readonly=True)
    mime_type = fields.Char("Type", readonly=True, help="By the content, once it is here.")
    size = fields.Integer("Bytes", readonly=True, aggregator=None)
    sha256 = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("waiting", "To be fetched"),
            ("done", "Here"),
            ("refused", "Not kept"),
            ("failed", "Could not be fetched"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    reason = fields.Char(readonly=True)
    tries = fields.Integer(readonly=True, aggregator=None)
    retry_at = fields.Datetime("Not Before", readonly=True)
    attachment_id = fields.Many2one("ir.attachment", readonly=True, ondelete="set null")

    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    @api.model
    def _receive(self, rows):
        """Note the files of inbound messages, to be fetched by the cron.

        :param list[dict] rows: with ``media``, ``error_code`` and ``message``
        """
        rows = [row for row in rows if row["media"] or row["error_code"] == MEDIA_DOWNLOAD]
        if not rows:
            return
        phones = {row["phone"] for row in rows}
        counts = self._recent(phones)
        values = []
        for row in rows:
            counts[row["phone"]] = counts.get(row["phone"], 0) + 1
            vals = {
                "message_id": row["message"].id,
                "account_id": row["account_id"],
                "wa_media_id": row["media"].get("id"),
                "filename": mask_aadhaar(row["media"].get("filename")),
                "mime_type": row["media"].get("mime_type"),
            }
            if not row["media"]:
                vals.update(state="failed", reason=self._reason("download"))
            elif counts[row["phone"]] > PER_PHONE:
                vals.update(state="refused", reason=self._reason("many"))
            values.append(vals)
        media = self.create(values)
        if "waiting" in media.mapped("state"):
            self.env.ref("discom.ir_cron_whatsapp_file")._trigger()

    @api.model
    def _recent(self, phones):
        """Return {phone: number of files of the last hour}."""
        self.flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT m.phone, count(*)
                      FROM discom_whatsapp_message m
                      JOIN discom_whatsapp_file f ON f.message_id = m.id
                     WHERE m.phone = ANY(%s) AND f.create_date > %s
                     GROUP BY m.phone
                    """,
                    list(phones),
                    fields.Datetime.now() - timedelta(hours=1),
                )
            )
        )

    @api.model
    def _reason(self, key, **values):
        reasons = {
            "download": self.env._("WhatsApp itself could not get the file from the phone."),
            "many": self.env._(
                "More than %(most)s files from one phone in an hour.", most=PER_PHONE
            ),
            "kind": self.env._("No picture, PDF, sound or film by its content."),
            "empty": self.env._("The file is empty."),
            "large": self.env._("The file is too large."),
            "pixels": self.env._("The picture has too many pixels."),
            "broken": self.env._("The picture is damaged."),
            "hash": self.env._("The file is not the one that was sent."),
            "old": self.env._("WhatsApp keeps files for seven days; this one is gone."),
        }
        return reasons[key]

    # === FETCHING === #

    @api.model
    def _cron_fetch(self):
        """Fetch what waits, oldest first, and commit after each few files."""
        cron = self.env["ir.cron"]
        domain = [
            ("state", "=", "waiting"),
            "|",
            ("retry_at", "=", False),
            ("retry_at", "<=", fields.Datetime.now()),
        ]
        cron._commit_progress(remaining=self.search_count(domain, limit=1000))
        while files := self.search(domain, limit=BATCH, order="id"):
            for file in files:
                file._fetch_apart()
            left = self.search_count(domain, limit=1000)
            if not cron._commit_progress(len(files), remaining=left):
                break
        if self.search_count([("state", "=", "waiting")], limit=1):
            self.env.ref("discom.ir_cron_whatsapp_file")._trigger(fields.Datetime.now() + BACKOFF)

    def _fetch_apart(self):
        """Fetch one file; whatever goes wrong concerns this file alone."""
        try:
            with self.env.cr.savepoint():
                self._fetch()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("File %s from WhatsApp could not be kept", self.id)
            self.write({"state": "failed", "reason": type(error).__name__})

    def _fetch(self):
        """Fetch one file, check it, keep it or say why not."""
        self.ensure_one()
        self.tries += 1
        try:
            # No lock is held: the only other writer of these rows is this cron, which runs once.
            content, digest = self.account_id._download_media(self.wa_media_id, media_kind.MOST)
        except UserError as error:
            # The account has no token at the moment.
            later = fields.Datetime.now() + timedelta(hours=1)
            self.write({"reason": str(error), "retry_at": later, "tries": 0})
            return
        except CloudApiError as error:
            self._fetch_failed(error)
            return
        kind = media_kind.kind_of(content)
        problem = media_kind.problem_of(content, kind) if kind else "kind" if content else "empty"
        own = hashlib.sha256(content).hexdigest()
        if digest and digest != own:
            problem = "hash"
        if problem:
            self.write({"state": "refused", "reason": self._reason(problem), "size": len(content)})
            return
        self._keep(content, kind, own)

    def _fetch_failed(self, error):
        """Decide whether to try again: once where Meta had no file yet, some times else."""
        if error.code == "large":
            self.write({"state": "refused", "reason": self._reason("large")})
            return
        if self.create_date < fields.Datetime.now() - KEPT:
            self.write({"state": "failed", "reason": self._reason("old")})
            return
        errors = self.env["discom.whatsapp.error"]
        verdicts = errors._verdicts(errors._rules())
        passing = error.http_status is None or judge_error(error, verdicts) in (
            Verdict.RETRY, Verdict.THROTTLE, Verdict.UNKNOWN, Verdict.HALT,
        )  # fmt: skip
        most = 2 if error.code == MEDIA_DOWNLOAD else TRIES if passing else 1
        if self.tries >= most:
            self.write({"state": "failed", "reason": error.text[:200]})
            return
        self.retry_at = fields.Datetime.now() + BACKOFF * 2 ** (self.tries - 1)

    def _keep(self, content, kind, digest):
        """Store a file beside its message and show it on the record that the message is about."""
        message = self.message_id
        extension = media_kind.EXTENSIONS[kind]
        stem = mask_aadhaar(self.filename or "").rsplit(".", 1)[0].replace("/", " ").strip()[:100]
        name = f"{stem or message.kind or 'file'}.{extension}"
        # Odoo would open a picture to make it smaller; what comes from outside is only kept.
        attachment = (
            self.env["ir.attachment"]
            .with_context(image_no_postprocess=True)
            .create(
                {
                    "name": name,
                    "raw": content,
                    "mimetype": kind,
                    "res_model": message._name,
                    "res_id": message.id,
                }
            )
        )
        self.write(
            {
                "state": "done",
                "reason": False,
                "attachment_id": attachment.id,
                "mime_type": kind,
                "size": len(content),
                "sha256": digest,
                "filename": name,
            }
        )
        for record in message._file_records():
            copy = attachment.copy({"res_model": record._name, "res_id": record.id})
            record._message_log(
                body=Markup("<b>WhatsApp</b> %s") % (message.body or ""),
                attachment_ids=copy.ids,
            )

    def _thread_file(self):
        """Return what the messenger shows of a file."""
        self.ensure_one()
        return {
            "state": self.state,
            "reason": self.reason or "",
            "name": self.filename or "",
            "mime_type": self.mime_type or "",
            "url": f"/web/content/{self.attachment_id.id}" if self.attachment_id else "",
        }


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    def _download_media(self, wa_media_id, most):
        """Return a file that came in and the SHA-256 that Meta tells of it, for a cron.

        :param int most: bytes
        :raise CloudApiError: with the code ``large`` where it has more
        """
        self.ensure_one()
        client = self._cloud_api()
        node = client.get(wa_media_id, {"phone_number_id": self.phone_number_id})
        size = node.get("file_size")
        if isinstance(size, int) and size > most:
            raise CloudApiError("The file is too large", code="large")
        return client.download(str(node.get("url") or ""), most), str(node.get("sha256") or "")


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    file_ids = fields.One2many("discom.whatsapp.file", "message_id", "Files", readonly=True)

    def _file_records(self):
        """Return the records in whose chatter the file of this message is shown."""
        self.ensure_one()
        return [self.partner_id] if self.partner_id else []
