"""LLM judges, their pure part: from a version and inputs to the call of a model, from its reply to a verdict."""
