"""
The product around the engine: command line, web service, drafts, signatures and the places where comments go.
"""

__version__ = "0.1.0"
