import os
from pathlib import Path

from odoo.tests import HttpCase


class AxeCase(HttpCase):
    """Tours that ask axe-core what does not meet WCAG AA (static/tests/tours/accessibility.js).

    `make test` fetches axe-core and names its place in ``DISCOM_AXE``; without it they only click.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = Path(os.environ.get("DISCOM_AXE") or "axe.min.js")
        cls.axe = path.read_text() if path.is_file() else ""
        cls.env["ir.attachment"].create(
            {
                "name": "axe-core",
                "url": "/discom/tests/axe.min.js",
                "mimetype": "text/javascript",
                "raw": (cls.axe or "// not fetched").encode(),
                "public": True,
            }
        )
