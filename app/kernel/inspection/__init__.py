"""What a file is, and whether it is let in: judged by its content before anybody keeps or opens it.

For whoever takes files in: `examine` is the way in, `names` makes a name safe, `refusal` says why not. The other files
know one format each and are asked by `examine` alone. Leans on nothing but the errors of the kernel.
"""
