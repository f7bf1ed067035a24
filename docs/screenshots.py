"""Take a picture of every page of the console, filled with the tests' scene, into docs/screenshots.

make screenshots
"""

from __future__ import annotations

import base64
import logging
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from browser_desk import CHROMIUM, PHONE, Browsers
from console_gallery import EXHIBITS, Exhibit
from console_scene import Scene, on_stage
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

import modbot.store

FOLDER = Path(__file__).with_name("screenshots")
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
COLOURS = 48
ON_A_PHONE = ("queue", "flag-campaign", "author")
IN_THE_DARK = ("queue",)
LEFT_OUT = (
    "queue-home",
    "queue-viewer",
    "queue-empty",
    "queue-alone",
    "search-nothing",
    "search-all",
    "standing-ended",
    "audit-nothing",
    "model",
    "model-promote",
    "try",
    "flag-spam",
    "flag-hidden",
    "flag-undone",
    "flag-long",
    "flag-edited",
    "flag-dismissed",
    "author-long-name",
    "account-token",
    "link",
    "nothing-there",
)
"""What looks like another of them."""
READ_PIXELS = """
async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < pixels.length; at += 32768) {
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  }
  return [image.width, image.height, btoa(text)];
}
"""


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder) / "empty.db"
        modbot.store.open(empty).close()
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        with on_stage(Path(folder), empty) as scene:
            _take_all(scene, browser)
        browser.close()


def _take_all(scene: Scene, browser: Browser) -> None:
    smaller = _shrinking(browser.new_page())
    for short, language in LANGUAGES.items():
        folder = FOLDER / short
        folder.mkdir(parents=True, exist_ok=True)
        for exhibit in EXHIBITS:
            for suffix, options in _views(exhibit).items():
                browsers = Browsers(browser, scene)
                person = scene.person(exhibit.who) if exhibit.who else None
                page = browsers.new_page(person, language=language, **options)
                exhibit.show(page, scene)
                (folder / f"{exhibit.name}{suffix}.png").write_bytes(smaller(page.screenshot()))
                browsers.close()


def _views(exhibit: Exhibit) -> dict[str, dict[str, Any]]:
    """How an exhibit is looked at, by what its picture's name ends in."""
    if exhibit.name in LEFT_OUT:
        return {}
    views: dict[str, dict[str, Any]] = {"": {}}
    if exhibit.name in ON_A_PHONE:
        views["-phone"] = {"width": PHONE[0], "height": PHONE[1], "touch": True}
    if exhibit.name in IN_THE_DARK:
        views["-dark"] = {"dark": True}
    return views


def _shrinking(page: Page) -> Callable[[bytes], bytes]:
    """Pictures of few colours are a third as large."""

    def smaller(png: bytes) -> bytes:
        width, height, told = page.evaluate(READ_PIXELS, base64.b64encode(png).decode())
        pixels = np.frombuffer(base64.b64decode(told), np.uint8).reshape(height, width, 4)
        return _indexed(pixels[:, :, :3])

    return smaller


def _indexed(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of the commonest COLOURS, every other colour shown as the nearest of them."""
    height, width, _ = pixels.shape
    found, where, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    palette = found[np.argsort(-counts)[:COLOURS]].astype(np.int32)
    distances = ((found[:, None, :].astype(np.int32) - palette) ** 2).sum(axis=2)
    rows = distances.argmin(axis=1).astype(np.uint8)[where].reshape(height, width)
    lines = np.zeros((height, width + 1), np.uint8)  # each begins with the filter "none"
    lines[:, 1:] = rows
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 9)
    parts = [
        (b"IHDR", header),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", body),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main()
