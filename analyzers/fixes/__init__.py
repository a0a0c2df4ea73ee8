"""
Fix-makers: each writes the text that a finding's advice means. Whether it serves is not theirs to say.
"""
