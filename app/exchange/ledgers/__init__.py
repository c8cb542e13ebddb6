"""Ledgers (台账): spreadsheets in, with every finding named, and out.

For officers who live in Excel.
Leans on the facts.
"""
