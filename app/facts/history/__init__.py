"""What happened to a project, told from the event log in words: who, when, what, from what to what, why.

For everyone who may see the project. Leans on the terms of all facts about a project, and on the log.
"""
