"""The model bundle: everything a registered version needs to judge wafers, sealed by sha256 and free of pickle.

Training stages write the parts (preprocessor, clusters, trained models, out-of-fold scores), `assemble_bundle` seals
them, `load_bundle` verifies them and gives a `ModelBundle` whose answer for a wafer depends on that wafer's readings
alone.
"""

from wafer.model.assembly import assemble_bundle, load_bundle
from wafer.model.contributions import Reason, top_reasons
from wafer.model.out_of_fold import OutOfFold
from wafer.model.recipe import Recipe
from wafer.model.scoring import ModelBundle, Scores
from wafer.wafers.arrays import Wafers, read_wafers, wafers_from_frame
from wafer.wafers.identity import content_keys

__all__ = [
    "ModelBundle",
    "OutOfFold",
    "Reason",
    "Recipe",
    "Scores",
    "Wafers",
    "assemble_bundle",
    "content_keys",
    "load_bundle",
    "read_wafers",
    "top_reasons",
    "wafers_from_frame",
]
