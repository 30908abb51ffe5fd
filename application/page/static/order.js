// Rows in the order and the selection that a person asked for.

const ORDER = new Intl.Collator(undefined, { numeric: true });

/** The rows that hold every word of the search, also in `further(row)`, in the wanted order; those without a value last. */
export function arranged(rows, columns, { sort, q }, further = () => "") {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (row) => [...columns.map((column) => column.value?.(row) ?? ""), further(row)].join("\n").toLowerCase();
  const found = words.length > 0 ? rows.filter((row) => words.every((word) => text(row).includes(word))) : rows;
  const column = columns.find((each) => each.key === sort.replace(/^-/, ""));
  return column ? sorted(found, column.value, sort.startsWith("-") ? -1 : 1) : found;
}

function sorted(rows, value, sign) {
  const keyed = rows.map((row) => [value(row), row]);
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : ORDER.compare(String(a), String(b)));
  const missing = (each) => each === null || each === undefined || each === "" || Number.isNaN(each);
  keyed.sort(([a], [b]) => missing(a) - missing(b) || (missing(a) ? 0 : sign * compare(a, b)));
  return keyed.map(([, row]) => row);
}
