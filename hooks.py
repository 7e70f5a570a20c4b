"""What happens once, when the module is installed or removed."""

STOCK_GROUPING = "[3,0]"
INDIAN_GROUPING = "[3,2,0]"
LANGUAGES = ["hi_IN", "en_IN"]


def pre_init_hook(env):
    """Activate the languages of the consumers and the staff before the module's data need them."""
    languages = (
        env["res.lang"]
        .with_context(active_test=False)
        .search([("code", "in", LANGUAGES), ("active", "=", False)])
    )
    if languages:
        env["base.language.install"].create({"lang_ids": languages.ids}).lang_install()
    # Odoo groups Hindi numbers by thousands; a lakh is written 1,00,000. Keep what someone has set.
    env["res.lang"].search(
        [("code", "=", "hi_IN"), ("grouping", "=", STOCK_GROUPING)]
    ).grouping = INDIAN_GROUPING


def uninstall_hook(env):
    """Remove the function behind the triggers of the journals, and the triggers with it."""
    env.cr.execute("DROP FUNCTION IF EXISTS discom_append_only CASCADE")
