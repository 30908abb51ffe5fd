"""A cell of text never runs as a formula, and keeps its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wafer.cells import safe_cell, text_of


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_cell_is_a_formula(start: str) -> None:
    assert safe_cell(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_harmless_text_stays_as_it_is() -> None:
    assert safe_cell("W-1") == "W-1"


@given(st.text() | st.text("=+-@'\t\r", max_size=5))
def test_every_text_can_be_read_back(text: str) -> None:
    assert text_of(safe_cell(text)) == text
