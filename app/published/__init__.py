"""What was said: boards, bulletins and evaluations, frozen and numbered.

For leaders and the public record.
Leans on the figures.
"""
