"""Evidence: the papers and photographs that a project shows for what it claims, each verified by a second person.

For gates, the ledger of funds, reviews, and whoever may see the project.
Leans on projects and on the store of files.
"""
