"""The fast path and the row parser must never disagree about a value."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raw_data_validation_train.fast_path import read_ordinary
from raw_data_validation_train.header import Headers, Layout
from raw_data_validation_train.lines import Block
from raw_data_validation_train.row_parser import RowParser
from raw_data_validation_train.rows import Rows
from raw_data_validation_train.tests.corpus import batch
from raw_data_validation_train.wafer_ids import WaferIds
from wafer.contract import Contract, load_contract

SCHEMA = (
    '{"SampleFileName": "wafer_01012020_000000.csv", "LengthOfDateStampInFile": 8, "LengthOfTimeStampInFile": 6, '
    '"NumberofColumns": 5, '
    '"ColName": {"Wafer": "varchar", "S1": "float", "S2": "float", "S3": "float", "Output": "Integer"}}'
)
CONTRACT = load_contract("training", SCHEMA, '{"readings": {"missing": ["-999", "n.a."]}}')
STRICT = load_contract("training", SCHEMA)
OTHER = load_contract(
    "training",
    SCHEMA,
    '{"text": {"delimiter": ";", "decimal": ",", "thousands": "."}, '
    '"labels": {"1": "fail", "-1": "pass", "x": "fail"}, '
    '"wafer_id_from": "{file}-{id}", "columns": {"trailing_empty": "drop"}}',
)


def layout_of(header: bytes, contract: Contract) -> Layout:
    layout = Headers(contract).layout(header)
    assert isinstance(layout, Layout)
    return layout


OTHER_LAYOUT = layout_of(b"Wafer;S1;S2;S3;Output;;", OTHER)
OTHER_IDS = WaferIds.of(OTHER_LAYOUT, OTHER, "lot 7.csv", 2)
LAYOUT, STRICT_LAYOUT = (layout_of(b"Wafer,S1,S2,S3,Output", contract) for contract in (CONTRACT, STRICT))
_PIECES = [*"109.-+eE \t\"'naNifx_,é٣", "inf", "999"]
_CELL = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=5).map("".join),
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(["", "-999", "n.a.", " -999", '"1"', '"1.5"', '""', "NaN", "1e400", "nan(1)"]),
)


_ROW = st.tuples(st.sampled_from(["W1", '"W2"', "W 3", ""]), _CELL, _CELL, st.sampled_from(["1", "-1", "1.0", "0", ""]))


def assert_alike(fast: Rows, exact: Rows) -> None:
    assert not exact.bad
    assert fast.ids == exact.ids
    assert fast.table.equals(exact.table)


@pytest.mark.parametrize(("contract", "layout"), [(CONTRACT, LAYOUT), (STRICT, STRICT_LAYOUT)])
@settings(max_examples=200, deadline=None)
@given(rows=st.lists(_ROW, min_size=1, max_size=3))
def test_both_paths_read_the_same_rows(
    contract: Contract, layout: Layout, rows: list[tuple[str, str, str, str]]
) -> None:
    text = "".join(f"{wafer},{one},{two},7,{label}\n" for wafer, one, two, label in rows)
    block = Block(2, len(rows), text.encode())

    fast = read_ordinary(block, layout, contract)
    exact = RowParser(layout, contract).read(block)

    assert exact.rows_in == len(rows)
    if fast is not None:
        assert_alike(fast, exact)
        np.testing.assert_array_equal(fast.readings, exact.readings)
        np.testing.assert_array_equal(fast.has_value, exact.has_value)
        np.testing.assert_array_equal(fast.lines, exact.lines)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(_ROW, st.sampled_from(["", "", "", "7", " "])), min_size=1, max_size=3))
def test_both_paths_read_the_same_rows_of_another_form(rows: list[tuple[tuple[str, ...], str]]) -> None:
    swapped = [([cell.replace(",", ";").replace(".", ",") for cell in row], end) for row, end in rows]
    text = "".join(f"{row[0]};{row[1]};{row[2]};1,5;{row[3]};;{end}\n" for row, end in swapped)
    block = Block(2, len(rows), text.encode())

    fast = read_ordinary(block, OTHER_LAYOUT, OTHER, OTHER_IDS)
    exact = RowParser(OTHER_LAYOUT, OTHER, OTHER_IDS).read(block)

    assert exact.rows_in == len(rows)
    if fast is not None:
        assert_alike(fast, exact)
        np.testing.assert_array_equal(fast.labels, exact.labels)


@settings(max_examples=100, deadline=None)
@given(st.floats(min_value=-3e38, max_value=3e38))
def test_every_number_comes_out_as_python_reads_it(value: float) -> None:
    block = Block(2, 1, f"W,{value!r},,{value:.4g},1\n".encode())

    rows = read_ordinary(block, LAYOUT, CONTRACT)

    assert rows is not None
    assert rows.readings[0, 0] == value
    assert math.isnan(rows.readings[0, 1])


def test_a_number_for_a_missing_reading_may_have_blanks_around_it() -> None:
    block = Block(2, 2, b"W1, -999,1.5,-999,1\nW2,-999 ,n.a. ,2,-1\n")

    assert read_ordinary(block, LAYOUT, CONTRACT) is None
    rows = RowParser(LAYOUT, CONTRACT).read(block)

    assert not rows.bad
    np.testing.assert_array_equal(rows.readings, [[np.nan, 1.5, np.nan], [np.nan, np.nan, 2]])


def test_ordinary_rows_never_need_the_row_parser() -> None:
    contract = load_contract("training")
    made = batch(1, rows=50)
    made.rows[7][3] = "-1.5e-07"
    layout = layout_of(made.lines()[0].rstrip().encode(), contract)

    rows = read_ordinary(Block(2, 50, "".join(made.lines()[1:]).encode()), layout, contract)

    assert rows is not None
    assert rows.rows_in == 50


def test_a_cell_of_a_million_digits_costs_no_more_than_reading_it() -> None:
    block = Block(2, 1, f"W1,{'9' * 100_000},{'9' * 900_000}x,,1\n".encode())

    (row,) = RowParser(LAYOUT, CONTRACT).read(block).bad  # a pattern that goes back over the digits takes hours

    assert row.code == "NOT_A_NUMBER"
    assert len(row.message) < 200


@pytest.mark.parametrize("blank", ["\n", "\r"])
def test_a_stray_line_end_is_left_to_the_row_parser(blank: str) -> None:
    block = Block(2, 2, f"W1,1,2,3,1{blank}{blank}".encode())

    assert read_ordinary(block, LAYOUT, CONTRACT) is None
    assert RowParser(LAYOUT, CONTRACT).read(block).ids == ["W1"]
