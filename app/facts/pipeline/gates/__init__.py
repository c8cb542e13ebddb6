"""What a stage asks of a project, what of it is there, and who let it pass without.

For officers, reviewers and whoever asks what is missing.
Leans on agreements, evidence, reviews and projects.
"""
