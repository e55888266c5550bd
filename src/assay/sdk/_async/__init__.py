"""The asynchronous client: the one source from which scripts/generate_sync_sdk.py writes `assay.sdk._sync`."""
