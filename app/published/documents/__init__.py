"""What was published, and its drafts, as papers: Word and PDF, and the templates that the office may replace.

For the office that circulates boards and bulletins on paper.
Leans on issues and on the kernel's documents; which words stand where is said by each series.
"""
