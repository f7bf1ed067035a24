"""Training: labels → dataset → fitted, measured, versioned model. Uses scikit-learn.

candidate = train(files, models=Path("models"), now=now)
promote_if_better(Path("models"), candidate)
"""

from modbot.training.examples import Example, Verdict
from modbot.training.recipe import Recipe
from modbot.training.train import Candidate, Comparison, promote_if_better, train
from modbot.training.versions import Version, current, listing, promote, verify

__all__ = [
    "Candidate",
    "Comparison",
    "Example",
    "Recipe",
    "Verdict",
    "Version",
    "current",
    "listing",
    "promote",
    "promote_if_better",
    "train",
    "verify",
]
