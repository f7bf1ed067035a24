"""Record the demo's live view as docs/demo.svg (and demo.zh-CN.svg): a real run, its last picture.

    .venv/bin/python docs/record_demo.py
"""

from __future__ import annotations

import io
import threading
from pathlib import Path

from rich.console import Console

from modbot import i18n
from modbot.cli.demo import picture
from modbot.daemon import demonstration, logs

SECONDS = 30.0
WIDTH = 118


def main() -> None:
    logs.configure(level="ERROR")
    stop = threading.Event()
    with demonstration.demonstration(stop=stop) as running:
        glances: list[demonstration.Glance] = []
        running.run(stop=stop, seconds=SECONDS, show=glances.append)
        for language, name in (("en", "demo.svg"), ("zh", "demo.zh-CN.svg")):
            console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
            console.print(picture(glances[-1], running.url, i18n.catalogue(language)))
            path = Path(__file__).parent / name
            path.write_text(console.export_svg(title="make demo"), encoding="utf-8")


if __name__ == "__main__":
    main()
