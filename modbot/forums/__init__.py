"""Speak to forum engines: read new replies, hide, restore. One folder per engine."""
