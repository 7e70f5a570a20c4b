"""Take the pictures of the manual: ``python -m dev.screenshots``, or ``make screenshots``."""

import argparse
import sys

from dev.stack.console import StackError, say, step
from dev.stack.paths import CHECKOUT
from dev.stack.web import Session

from .browser import Browser, BrowserError
from .scenes import SCENES

FOLDER = CHECKOUT / "docs" / "manual" / "images"
#: Language of Odoo to folder of its pictures.
LANGUAGES = {"en_US": "en", "hi_IN": "hi"}


def main(argv=None):
    """Take the pictures of the running demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.screenshots", description=__doc__)
    parser.add_argument("--url", required=True, help="of the demo's Odoo")
    parser.add_argument("--database", required=True, help="of the demo")
    parser.add_argument("--scene", action="append", choices=[scene.name for scene in SCENES])
    options = parser.parse_args(argv)
    scenes = [scene for scene in SCENES if not options.scene or scene.name in options.scene]
    failed = 0
    for lang, folder in LANGUAGES.items():
        for scene in scenes:
            with step(f"{folder}/{scene.name}") as current:
                try:
                    _take(options, scene, lang, FOLDER / folder / f"{scene.name}.png")
                except BrowserError as error:
                    failed += 1
                    current.note = str(error)
    say(f"{2 * len(scenes) - failed} pictures in {FOLDER.relative_to(CHECKOUT)}, {failed} failed")
    return 1 if failed else 0


def _take(demo, scene, lang, path):
    """Take one picture; the user reads English again afterwards."""
    session = Session(demo.url, demo.database, scene.login, scene.login)
    user = session.read("res.users", [("login", "=", scene.login)], ["lang"])[0]
    session.call("res.users", "write", [user["id"]], {"lang": lang})
    try:
        with Browser(demo.url, scene.login, *scene.size) as browser:
            browser.open(f"/odoo/{scene.path}")
            for method, *arguments in scene.steps:
                getattr(browser, method)(*arguments)
            browser.picture(path)
    finally:
        session.call("res.users", "write", [user["id"]], {"lang": user["lang"]})


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"{error}\nIs the demo running? make demo")
