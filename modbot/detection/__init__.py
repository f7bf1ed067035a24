"""Detection as a library: pure functions over batches of replies.

from modbot.detection import Detector, DuplicateIndex
detector = Detector.load(Path("models/baseline"))
assessments = detector.assess(replies, duplicates=None, now=now)
"""

from modbot.detection.canonical import canonicalise
from modbot.detection.detector import Detector
from modbot.detection.duplicates import DuplicateIndex, Observation, Reviewed, UnusableSnapshot, observation
from modbot.detection.manifest import Manifest, Threshold

__all__ = [
    "Detector",
    "DuplicateIndex",
    "Manifest",
    "Observation",
    "Reviewed",
    "Threshold",
    "UnusableSnapshot",
    "canonicalise",
    "observation",
]
