"""Words that exports use for a missing reading, an outcome, the outcome's column and a wafer's id; in small letters."""

MISSING_WORDS = frozenset(
    {"nan", "null", "n/a", "na", "none", "nil", "#n/a", "#na", "n.a.", "missing", "-", "?", ".", "-nan", "1.#qnan"}
)
LABEL_PAIRS = (
    ("0", "1"),
    ("pass", "fail"),
    ("passed", "failed"),
    ("good", "bad"),
    ("ok", "nok"),
    ("p", "f"),
    ("true", "false"),
    ("yes", "no"),
    ("g", "b"),
)
LABEL_NAMES = frozenset(
    {
        "passfail",
        "goodbad",
        "output",
        "outcome",
        "label",
        "labels",
        "result",
        "class",
        "target",
        "yield",
        "status",
        "quality",
        "y",
        "response",
        "verdict",
    }
)
ID_NAMES = frozenset(
    {"wafer", "waferid", "wafernumber", "waferno", "id", "name", "serial", "serialnumber", "scribe", "scribeid"}
)
