"""The user interface: its files, the document around them, and signing in. It uses the public API alone."""
