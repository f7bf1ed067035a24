"""How fast detection is, measured beside scikit-learn on the same posts in the same run.

Nothing is imported here: :mod:`modbot.benchmarking.posts` serves without scikit-learn.
"""
