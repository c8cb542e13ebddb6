"""What all ledgers of facts share: one person declares on evidence, another recognises, rejects or reverses.

For the ledgers of funds and of outcomes.
Leans on evidence and projects.
"""
