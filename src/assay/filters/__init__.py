"""The filter language: one tree, what each noun offers, every accepted spelling, and the reference meaning."""
