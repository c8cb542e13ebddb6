"""The record of an investment project: names, people, places, units, sight.

For agreements, funds, the pipeline and all above.
Leans on enterprises, identity and the kernel.
"""
