"""The register of payments: what was paid to whom for which project, what was withheld, what came back.

For whoever pays and whoever looks after it; a spreadsheet for the files of the treasury.
Leans on the rows of claims.
"""
