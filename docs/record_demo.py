"""Record the demo's live view as docs/demo.svg (and demo.zh-CN.svg): a real run, its last picture.

.venv/bin/python docs/record_demo.py
"""

from __future__ import annotations

import html
import io
import re
import threading
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from modbot import i18n
from modbot.cli.demo import picture
from modbot.daemon import demonstration, logs

SECONDS = 30.0
WIDTH = 130
CHARACTER_WIDTH = 12.2


def main() -> None:
    logs.configure(level="ERROR")
    with demonstration.demonstration() as running:
        glances: list[demonstration.Glance] = []
        running.run(stop=threading.Event(), seconds=SECONDS, show=glances.append)
        for language, name in (("en", "demo.svg"), ("zh", "demo.zh-CN.svg")):
            console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
            console.print(picture(glances[-1], running.url, i18n.catalogue(language)))
            path = Path(__file__).parent / name
            # Without the font that Rich would load from a foreign host.
            drawing = re.sub(r"@font-face\s*{[^}]*}", "", console.export_svg(title="make demo"))
            path.write_text(_spaced(drawing), encoding="utf-8")


def _spaced(drawing: str) -> str:
    """Rich counts characters where it should count cells: Chinese would be squeezed to half."""

    def widened(found: re.Match[str]) -> str:
        cells = cell_len(html.unescape(found[2]))
        return f'textLength="{cells * CHARACTER_WIDTH:g}"{found[1]}>{found[2]}</text>'

    return re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)</text>', widened, drawing)


if __name__ == "__main__":
    main()
