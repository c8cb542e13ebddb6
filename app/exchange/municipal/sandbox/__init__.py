"""The municipal sandbox (沙箱): a city's side of the contract, to try and to test against; it can be told to fail.

For newcomers, testers and whoever builds a real city's side. Leans on the wire alone; it knows nothing of our database.
"""
