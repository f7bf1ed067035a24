"""Pure functions over batches of replies: canonical text, features, classifier,
duplicates, rules, explanation. Usable alone, as a library."""
