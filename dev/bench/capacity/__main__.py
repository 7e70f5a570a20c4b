"""Write docs/capacity.md and the sizes in docs/deployment.md anew."""

import argparse

from dev.stack.paths import CHECKOUT

from . import costs, grounds, page

#: Marks in docs/capacity.md, then in docs/deployment.md: what stands between them is reckoned.
STATE = "<!-- simulation -->", "<!-- end of simulation -->"
ROOM = "<!-- room -->", "<!-- end of room -->"
DISK = "<!-- disk -->", "<!-- end of disk -->"


def write(path, parts):
    """Put texts between their marks in the file ``path``; return whether it changed.

    :param parts: {(mark, mark of the end): text}
    :raise ValueError: where a mark is missing
    """
    old = text = path.read_text(encoding="utf-8")
    for (begin, end), inside in parts.items():
        before, mark, rest = text.partition(begin)
        _inside, end_mark, after = rest.partition(end)
        if not mark or not end_mark:
            raise ValueError(f"{path} has no {begin} with {end} after it")
        text = f"{before}{begin}{inside}{end}{after}"
    path.write_text(text, encoding="utf-8")
    return text != old


def main(argv=None):
    """Write both pages."""
    argparse.ArgumentParser(prog="python -m dev.bench.capacity", description=__doc__).parse_args(
        argv
    )
    docs = CHECKOUT / "docs"
    found = costs.measured((docs / "benchmarks.md").read_text(encoding="utf-8"))
    for name, parts in (
        ("capacity.md", {STATE: f"\n{page.capacity(found)}\n"}),
        (
            "deployment.md",
            {
                DISK: grounds.disk_of_division(found),
                ROOM: f"\n{grounds.room_of_division(found)}\n",
            },
        ),
    ):
        changed = write(docs / name, parts)
        print(f"{docs / name}: {'written anew' if changed else 'as it was'}")


if __name__ == "__main__":
    main()
