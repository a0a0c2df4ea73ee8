"""
The words that go to a language model; see README.md beside this file.
"""
