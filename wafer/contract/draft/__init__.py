"""A contract drafted from samples: what the columns of unknown exports seem to be, and what is not sure."""

from wafer.contract.draft.draft import Draft
from wafer.contract.draft.drafting import draft_contract
from wafer.contract.draft.outcomes import Hint
from wafer.contract.draft.writing import PREDICTION, TRAINING, write_draft
from wafer.contract.loading import POLICY

__all__ = ["POLICY", "PREDICTION", "TRAINING", "Draft", "Hint", "draft_contract", "write_draft"]
