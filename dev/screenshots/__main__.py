"""Take the pictures of the docs: ``python -m dev.screenshots``, or ``make screenshots``."""

import argparse
import sys

from dev.stack.console import StackError, say, step
from dev.stack.paths import CHECKOUT
from dev.stack.web import Session

from . import workbooks
from .browser import Browser, BrowserError
from .scenes import SCENES, SHOP

FOLDER = CHECKOUT / "docs" / "manual" / "images"
SHOP_FOLDER = CHECKOUT / "static" / "description"
#: Language of Odoo to folder of its pictures.
LANGUAGES = {"en_IN": "en", "hi_IN": "hi"}


def main(argv=None):
    """Take the pictures of the running demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.screenshots", description=__doc__)
    parser.add_argument("--url", required=True, help="of the demo's Odoo")
    parser.add_argument("--simulator", required=True, help="address of the demo's simulator")
    parser.add_argument("--database", required=True, help="of the demo")
    names = [scene.name for scene in (*SCENES, *SHOP)]
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--scene", action="append", choices=names)
    some.add_argument("--workbooks", action="store_true", help="only those of the workbooks")
    options = parser.parse_args(argv)
    wanted = [
        (scene, lang, FOLDER / folder / f"{scene.name}.png")
        for lang, folder in LANGUAGES.items()
        for scene in SCENES
    ]
    wanted += [(scene, "en_IN", SHOP_FOLDER / f"{scene.name}.png") for scene in SHOP]
    wanted = [row for row in wanted if not options.scene or row[0].name in options.scene]
    if options.workbooks:
        wanted = []
    # First: the journal is still that of the demo, without those who look at the scenes.
    taken = 0 if options.scene else workbooks.take(options.url, options.database)
    failed = 0
    for scene, lang, path in wanted:
        with step(str(path.relative_to(CHECKOUT))) as current:
            try:
                _take(options, scene, lang, path)
            except BrowserError as error:
                failed += 1
                current.note = str(error)
    say(f"{taken + len(wanted) - failed} pictures, {failed} failed")
    return 1 if failed else 0


def _take(demo, scene, lang, path):
    """Take one picture; the user reads English again afterwards."""
    if not scene.login:
        _photograph(Browser(demo.simulator, None, *scene.size), scene, scene.path, path)
        return
    session = Session(demo.url, demo.database, scene.login, scene.login)
    user = session.read("res.users", [("login", "=", scene.login)], ["lang"])[0]
    session.call("res.users", "write", [user["id"]], {"lang": lang})
    try:
        browser = Browser(demo.url, scene.login, *scene.size)
        _photograph(browser, scene, f"/odoo/{scene.path}", path)
    finally:
        session.call("res.users", "write", [user["id"]], {"lang": user["lang"]})


def _photograph(browser, scene, address, path):
    with browser:
        browser.open(address)
        for method, *arguments in scene.steps:
            getattr(browser, method)(*arguments)
        browser.picture(path)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"{error}\n{error.remedy or 'Is the demo running? make demo'}")
