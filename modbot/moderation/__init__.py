"""Moderators' decisions, whoever gives them and wherever: with their words for authors, for
one reply or for many, and what of them lasts. The console and the terminal decide through
this room; what is to change on the forum waits in the outbox."""
