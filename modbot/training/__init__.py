"""Training: labels → dataset → fitted, measured, versioned model.

    candidate = train.train(files, models=Path("models"), now=now)
    train.promote_if_better(Path("models"), candidate)

Nothing is imported here: :mod:`modbot.training.versions` serves the daemon, which must
not pay for scikit-learn.
"""
