"""The pages of the documentation that are made from the models, the claims and their verdicts.

Nothing here is kept by hand: a page is what the model files say about a system.
"""
