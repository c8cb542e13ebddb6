"""Weekly reports as spreadsheets: a workbook with what is there and drop-downs, and the same read back.

For reporters who work offline. Leans on the reports of the facts and on how ledgers read cells.
"""
