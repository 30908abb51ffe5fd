"""Promotion: trained parts go in; a registered bundle, a decision with its reason and a published folder come out."""
