"""The synchronous client, written by scripts/generate_sync_sdk.py from `assay.sdk._async` (waiting.py by hand)."""
