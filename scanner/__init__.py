"""azmlscan: policy-as-code compliance scanner for Azure Machine Learning estates."""

__version__ = "0.1.0"
