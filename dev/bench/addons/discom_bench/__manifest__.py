{
    "name": "Discom Benchmark",
    "summary": "A route that does nothing, as the yardstick of the webhook",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Discom contributors",
    "website": "https://github.com/discom-odoo/discom",
    "license": "LGPL-3",
    "depends": ["discom"],
}
