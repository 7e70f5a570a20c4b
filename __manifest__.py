{
    "name": "Discom",
    "summary": "KYC, bills, outages and arrears notices on WhatsApp for an electricity division",
    "version": "19.0.1.0.0",
    "category": "Services/Electricity",
    "author": "Discom contributors",
    "website": "https://github.com/discom-odoo/discom",
    "license": "LGPL-3",
    "countries": ["in"],
    "depends": [
        "mail",
        "phone_validation",
        "web_tour",
    ],
    "external_dependencies": {
        "python": [
            "aiohttp",
            "num2words",
            "phonenumbers",
            "requests",
            "segno",
            "typst",
            "xlsxwriter",
        ],
    },
    "data": [
        "security/discom_groups.xml",
        "security/ir.model.access.csv",
        "security/discom_rules.xml",
        "views/discom_menus.xml",
        "views/whatsapp_preview_templates.xml",
    ],
    "demo": [],
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
    "assets": {
        "web.assets_backend": [
            "discom/static/src/scss/whatsapp_preview.scss",
        ],
    },
    "application": True,
}
