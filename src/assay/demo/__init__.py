"""What the demo is made of: real job titles, baselines that answer, made-up logs, three evaluators."""
