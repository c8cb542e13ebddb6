"""Lead providers (引资人): the persons and organisations that bring leads, their personal data sealed.

For leads, claims and payments.
Leans on the vault and units.
"""
