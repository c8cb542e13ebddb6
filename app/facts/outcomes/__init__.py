"""What projects really brought: investment done, capital paid in, output, tax, jobs; declared, recognised, reversed.

For figures, rewards and commitments.
Leans on recognition, evidence and projects.
"""
