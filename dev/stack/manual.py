"""The manual against the software: what it says stands on screen does, and its pictures are there.

It reads .po files with polib, so it runs in the virtual environment:
`python3 -m dev.stack run dev.stack.manual`.
"""

import re
import sys

import polib

from .paths import CHECKOUT

FOLDER = CHECKOUT / "docs" / "manual"
CATALOGUE = CHECKOUT / "i18n" / "hi.po"
# What stands on screen is emphasised, a way through the menus parted by this.
LABEL = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
PARTED = " › "
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")


def main():
    """Show what is wrong with the manual; return the exit status."""
    catalogue = polib.pofile(CATALOGUE)
    terms = {
        "en": {entry.msgid for entry in catalogue},
        "hi": {entry.msgstr for entry in catalogue},
    }
    complaints = []
    for lang, known in terms.items():
        for path in sorted((FOLDER / lang).glob("*.md")):
            text = path.read_text()
            complaints += [
                f"{path.relative_to(CHECKOUT)}: nothing on screen is called {label}"
                for label in unknown_labels(text, known)
            ]
            complaints += [
                f"{path.relative_to(CHECKOUT)}: no picture {name}"
                for name in PICTURE.findall(text)
                if not (path.parent / name).is_file()
            ]
    print("\n".join(complaints))
    return 1 if complaints else 0


def unknown_labels(text, known):
    """Return the emphasised labels of Markdown `text` that are not among the terms `known`."""
    labels = [
        label for found in LABEL.findall(text) for label in re.sub(r"\s+", " ", found).split(PARTED)
    ]
    return [label for label in dict.fromkeys(labels) if label not in known]


if __name__ == "__main__":
    sys.exit(main())
