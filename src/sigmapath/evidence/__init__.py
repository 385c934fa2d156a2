"""Evidence: claims about the pathway as data, run as small experiments, judged one by one.

The engine knows no claim. What is claimed, how it is tested and what it needs stands in
``models/claims``; here are only the words those files are written in.
"""
