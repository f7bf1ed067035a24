from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modbot.detection import Detector, context, signals
from modbot.detection.reading import NumpyReader
from modbot.domain import Author, Reply

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASELINE = Path(__file__).parents[2] / "models" / "baseline"


@pytest.fixture(scope="session")
def now():
    return NOW


@pytest.fixture(scope="session")
def baseline():
    return BASELINE


@pytest.fixture(scope="session")
def detector():
    return Detector.load(BASELINE)


@pytest.fixture(scope="session")
def make_reply():
    """A reply with sensible defaults; ``minutes`` after noon, ``by`` an author id."""

    def make(text="", *, post=1, by=1, posts=3, thread=1, minutes=0, forum="city", **more):
        return Reply(
            forum=forum,
            post_id=post,
            text=text,
            thread_id=thread,
            author=more.pop("author", Author(id=by, name=f"member{by}", posts=posts)),
            posted_at=more.pop("posted_at", NOW + timedelta(minutes=minutes)),
            **more,
        )

    return make


@pytest.fixture(scope="session")
def read_batch():
    """A batch as the detector reads it before it raises signals."""

    def read(linear, replies):
        reading = NumpyReader().read([reply.text for reply in replies])
        texts = reading.letters.texts()
        found = context.measure(replies, reading, texts)
        likely = linear.probabilities(linear.logits(reading.grams, found.values))
        return signals.Batch(replies, reading, texts, found, likely, [None] * len(replies))

    return read
