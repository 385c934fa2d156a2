"""Calibration: what was fitted to which figure, as files that anyone can fit again.

``python -m sigmapath.calibration`` lists them, ``python -m sigmapath.calibration upr`` repeats one.
"""
