"""Words that exports use for missing readings, outcomes, and the columns besides the readings; in small letters."""

import re

MISSING_WORDS = frozenset(
    {"nan", "null", "n/a", "na", "none", "nil", "#n/a", "#na", "n.a.", "missing", "-", "?", ".", "-nan", "1.#qnan"}
    | {"--", "---", "#div/0!", "#value!", "#num!", "#ref!", "#null!", "no data", "nodata", "bad input"}
    | {"i/o timeout", "not available", "not measured", "off-line", "offline"}
)
UNIT_LINES = frozenset(  # what a line of units or limits under a header is called
    {"unit", "units", "einheit", "usl", "lsl", "ucl", "lcl", "upper limit", "lower limit", "target", "limit", "limits"}
    | {"min", "max", "lo_limit", "hi_limit", "lolim", "hilim", "type", "datatype", "单位", "単位"}
)
LABEL_PAIRS = (  # what a passing wafer is called, and a failing one
    ("0", "1"),
    ("pass", "fail"),
    ("pass", "reject"),
    ("accept", "reject"),
    ("accepted", "rejected"),
    ("passed", "failed"),
    ("good", "bad"),
    ("ok", "nok"),
    ("ok", "ng"),
    ("io", "nio"),
    ("i.o.", "n.i.o."),
    ("gut", "schlecht"),
    ("gut", "ausschuss"),
    ("bon", "mauvais"),
    ("conforme", "non conforme"),
    ("normal", "abnormal"),
    ("normal", "defect"),
    ("normal", "faulty"),
    ("合格", "不合格"),
    ("良品", "不良品"),
    ("良", "不良"),
    ("합격", "불합격"),
    ("양품", "불량"),
    ("p", "f"),
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("g", "b"),
)
# Names of columns as `wafer.contract.columns.loosely` gives them, without `/`.
LABEL_NAMES = frozenset(
    {
        *(
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
        ),
        *("ergebnis", "bewertung", "urteil", "resultat", "résultat", "判定", "結果", "结果", "결과", "판정"),
        *("quality", "y", "response", "verdict", "disposition", "testresult", "finalresult", "waferresult"),
    }
)
BIN_NAMES = frozenset({"bin", "hardbin", "softbin", "hbin", "sbin", "bincode", "grade"})  # bin 1 passes
PARAMETER_NAMES = frozenset(  # what the first column of a table on its side is called
    {"parameter", "parameters", "sensor", "sensors", "variable", "feature", "measurement", "messgröße", "kenngröße"}
)
YIELD_NAMES = re.compile(  # a number that is known after the test only, and would give the outcome away
    r"yield|ausbeute|良率|歩留|수율"
    r"|^(num(berof)?|n|count(of)?)?(good|bad|pass|fail|reject)(ed|ing|ures?)?"
    r"(die|dies|dice|chips?|bits?|devices?|counts?|cnt|rate|ratio|pct|percent|density|s)"
)
FAILING_NAMES = frozenset(
    {"fail", "failed", "failure", "faulty", "fault", "defect", "defective", "bad", "reject", "rejected", "scrap"}
    | {"isfail", "isfailed", "isfailure", "isfaulty", "isfault", "isdefect", "isdefective", "isbad", "isrejected"}
    | {"scrapped", "isscrap", "isscrapped", "ng", "isng", "nok", "isnok", "abnormal", "anomaly", "isanomaly"}
)
PASSING_NAMES = frozenset({"pass", "passed", "ispass", "ispassed", "good", "isgood", "ok", "isok", "accepted", "yield"})
ID_NAMES = frozenset(
    {
        *("wafer", "waferid", "wafernumber", "waferno", "wafernr", "id", "name", "serial", "serialnumber", "scribe"),
        *(
            "wafernr",
            "scheibe",
            "晶圆编号",
            "晶圓編號",
            "ウェハid",
            "웨이퍼번호",
            "scribeid",
            "substrateid",
            "slot",
            "slotid",
            "slotno",
            "wafername",
        ),
        *("wafernum", "waferindex", "waferidx", "wfr", "wfrid", "wfrno", "wid", "waferserial", "slotnumber"),
    }
)
INDEX_NAMES = frozenset({"", "unnamed:0", "index", "row", "rownumber", "no", "nr", "#"})
LOT_NAMES = frozenset({"lot", "lotid", "lotno", "lotnumber", "lotname", "carrier", "carrierid", "cassette", "foup"})
CONTEXT_NAMES = LOT_NAMES | frozenset(
    {
        *("wafernum", "waferindex", "waferidx", "wfr", "wfrno", "slotnumber"),
        *("time", "timestamp", "date", "datetime", "starttime", "endtime", "day", "year", "month", "shift", "tool"),
        *("ts", "epoch", "unixtime", "start", "end", "begin", "stop", "begintime", "stoptime", "trackin", "trackout"),
        *("tester", "testerid", "probecard", "station", "machine", "machineid", "fab", "module", "reticle", "device"),
        *("deviceid", "part", "partid", "partnumber", "technology", "layer", "program", "testprogram", "die", "point"),
        *("toolid", "equipment", "equipmentid", "chamber", "chamberid", "slot", "slotid", "slotno", "port", "operator"),
        *("recipe", "recipeid", "product", "productid", "route", "step", "batch", "batchid", "run", "runid", "row"),
        *("index", "rownumber", "no", "nr", "#", "unnamed:0", "wafernumber", "waferno", "wafernr", "line", "site"),
    }
)


def in_capitals_of(example: str, word: str) -> str:
    """A word in the capitals of another one."""
    return word.upper() if example.isupper() else word.title() if example[:1].isupper() else word
