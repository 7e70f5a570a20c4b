"""The translations beside `i18n/discom.pot`: what is missing in them, and taking up what is new.

It reads .po files with polib, so it runs in the virtual environment:
`python3 -m dev.stack run dev.stack.translations`.
"""

import re
import sys
import unicodedata

import polib

from .paths import CHECKOUT, MODULE

FOLDER = CHECKOUT / "i18n"
WIDTH = 78
# Words of other texts, and what `docs/glossary.md` has instead.
OTHER_WORDS = {
    "प्रयोक्ता": "उपयोगकर्ता",
    "रिकॉर्ड": "अभिलेख",
    "फ़ाइल": "फाइल",
    "भेजने वाले नंबर": "प्रेषक नंबर",
    "बकाया नीति": "वसूली नीति",
    "Discom:": "डिस्कॉम:",
}
# What a translation has to keep: values that are filled in, and elements with what they refer to.
KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\{.*?\}\}|&[PN]\b|</?\w+")


def main(arguments):
    """Check the translations, or with `merge` give them the terms of the template first."""
    template = FOLDER / f"{MODULE}.pot"
    complaints = []
    for path in sorted(FOLDER.glob("*.po")):
        catalogue = polib.pofile(path, wrapwidth=WIDTH)
        if template.exists():
            terms = polib.pofile(template)
            if arguments == ["merge"]:
                catalogue = merged(catalogue, terms)
                catalogue.save(path)
            complaints += [f"{path.name}: not in it: {term}" for term in absent(catalogue, terms)]
        complaints += [f"{path.name}: {complaint}" for complaint in findings(catalogue)]
    print("\n".join(complaints))
    return 1 if complaints else 0


def merged(catalogue, terms):
    """Return `terms` in their order with the translations of `catalogue`, what is gone left out."""
    known = {entry.msgid: entry.msgstr for entry in catalogue if not entry.obsolete}
    result = polib.POFile(wrapwidth=WIDTH)
    result.header, result.metadata = catalogue.header, catalogue.metadata
    for entry in terms:
        entry.msgstr = known.get(entry.msgid, "")
        result.append(entry)
    return result


def absent(catalogue, terms):
    """Return the terms of the template that `catalogue` does not know."""
    known = {entry.msgid for entry in catalogue}
    return [entry.msgid for entry in terms if entry.msgid not in known]


def findings(catalogue):
    """Return what is wrong with the entries of `catalogue`: empty, doubtful, values lost, or words
    that the glossary does not have."""
    complaints = []
    for entry in catalogue:
        if not entry.msgstr:
            complaints.append(f"not translated: {entry.msgid}")
        elif entry.fuzzy:
            complaints.append(f"marked as fuzzy: {entry.msgid}")
        elif sorted(KEPT.findall(entry.msgid)) != sorted(KEPT.findall(entry.msgstr)):
            complaints.append(f"values or elements differ: {entry.msgid} | {entry.msgstr}")
        complaints += [
            f"{word} in place of {ours}: {entry.msgid}"
            for word, ours in OTHER_WORDS.items()
            if unicodedata.normalize("NFC", word) in unicodedata.normalize("NFC", entry.msgstr)
        ]
    return complaints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
