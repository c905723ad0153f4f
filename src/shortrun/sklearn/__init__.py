"""Estimators for scikit-learn: the models of the package in pipelines, searches and cross-validation."""

from shortrun.sklearn.estimators import ShortRunClassifier, ShortRunGenerator

__all__ = ["ShortRunClassifier", "ShortRunGenerator"]
