"""Tickets (店小二): what an enterprise asks for, who owns it from the first contact to the end, by when it is solved.

Serves the bureau and the units that own tickets, and the enterprise, which rates through a link of one use.
Leans on enterprises, projects, units, the working-day table and stored files.
"""
