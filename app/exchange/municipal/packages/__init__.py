"""Packages of files, for a city that takes files only: made, downloaded, answered by the city's receipt file, or void.

For the officer who carries them to the municipal bureau. Leans on the records and on the courier's receipts.
"""
