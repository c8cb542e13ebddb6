"""What is so: dated rows that evidence stands behind.

For officers and reporters who keep them, and for the figures.
Leans on identity and the kernel.
"""
