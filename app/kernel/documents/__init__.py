"""Documents that people print: Word from a template that an office can replace, PDF from one of the house.

For every domain that writes something to circulate. Leans on nothing but the errors of the kernel.
"""
