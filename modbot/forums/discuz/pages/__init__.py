"""What a Discuz! X forum sends, turned into values: text in, values out, no I/O.

Everything on a forum's page is hostile. A function of this package raises only
:class:`modbot.errors.Unreadable`, works in time linear in its input, and keeps what
it cannot read as an ``UnreadableBlock`` while it reads the rest.

The rules come from recordings of real installs (X3.4 of 2020 and 2022, its GBK build,
X3.5); the docstrings name the recording that each rule was seen in.
"""
