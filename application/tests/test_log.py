"""A run's log is what its tasks wrote: our events with their facts, other text as it is, nothing of kfp's own."""

from application.runs.log import LogLine, log_lines

WRITTEN = """\
07:45:11.566 - INFO - Running pipeline: \x1b[95m'wafer-fault-training'\x1b[0m
--------------------------------------------------------------------------------
07:45:11.575 - INFO - Executing task \x1b[96m'validate'\x1b[0m
07:45:11.576 - INFO - Streamed logs:

[KFP Executor 2026-11-27 07:45:14,086 INFO]: Looking for component `validate`
[KFP Executor 2026-11-27 07:45:14,088 INFO]: Got executor_input:
{
    "inputs": {
        "parameterValues": {"policy": "secret"}
    }
}
{"stage": "validate", "run_id": "r", "files": 37, "event": "stage.progress", "level": "info", "timestamp": "2026-01-01T00:00:00Z"}
Traceback (most recent call last):
  File "x.py", line 1, in <module>
ValueError: broken
07:45:14.890 - INFO - Task 'validate' finished with status FAILURE
07:45:14.892 - INFO - Task 'validate' outputs:
    Output: 3
    report: Artifact(name='report')

07:45:14.894 - INFO - Executing task 'load'
{"event": "waiting", "level": "warning", "timestamp": "2026-01-01T00:00:01Z", "part": "store"}
"""  # noqa: E501 - as it is written


def test_events_and_text_are_kept_and_nothing_of_kfp() -> None:
    found = list(log_lines(WRITTEN.splitlines()))

    assert found == [
        LogLine("validate", "2026-01-01T00:00:00Z", "info", "stage.progress", {"files": 37}),
        LogLine("validate", "", "", "Traceback (most recent call last):"),
        LogLine("validate", "", "", '  File "x.py", line 1, in <module>'),
        LogLine("validate", "", "", "ValueError: broken"),
        LogLine("load", "2026-01-01T00:00:01Z", "warning", "waiting", {"part": "store"}),
    ]
    assert found[0].text() == "2026-01-01 00:00:00 validate stage.progress files=37"
