"""Who may use the console: their passwords, the places that they work in, and how the first
of them comes in. Knows nothing of the web: commands use it, too."""
