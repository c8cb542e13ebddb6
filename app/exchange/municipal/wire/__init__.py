"""What goes over the wire: the contract, signatures and sealed bodies.

For both sides, ours and the city's (of which the sandbox is one). Leans on nothing of ours.
"""
