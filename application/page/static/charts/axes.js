// What every chart has: its words for those who do not see it, two axes with ticks and titles, and a place for a value.

import { s } from "../dom.js";

export const SMALL = { width: 320, height: 250, left: 46, right: 12, top: 10, bottom: 40 };
export const WIDE = { width: 720, height: 280, left: 62, right: 14, top: 26, bottom: 44 };
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const LETTER = 5.9; // pixels of a letter of a tick or a legend, as most fonts have it
const KEY_ROW = 17;
const TITLE_BASE = 12; // of the title of the vertical axis, which stands on its side

/** An SVG of its own size that says what it shows: `name` in a few words, `about` what a reader would take from it. */
export const picture = ({ name, about, width, height, kind = "chart" }, ...children) =>
  s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", class: kind },
    s("title", {}, name),
    about && s("desc", {}, about),
    ...children,
  );

/** Axes with ticks and titles. An axis has `from`, `to`, `title`, and may have its own `ticks` and `label`. */
export function frame({ name, about, x, y, size = SMALL, kind }) {
  const { width, height, left, right, top, bottom } = size;
  const across = scale(x, left, width - right);
  const up = scale(y, height - bottom, top);
  const svg = picture({ name, about, width, height, kind });
  svg.append(
    ...ticksOf(y).flatMap((at) => [
      segment("grid", [left, up(at)], [width - right, up(at)]),
      s("text", { class: "tick", x: left - 6, y: up(at) + 4, "text-anchor": "end" }, labelOf(y, at)),
    ]),
    ...ticksOf(x).map((at) => below(labelOf(x, at), across(at), height - bottom + 16, width)),
    s("text", { class: "title", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, x.title),
    sideways(y.title, (top + height - bottom) / 2, TITLE_BASE),
  );
  return { svg, across, up, size };
}

/** A label below the axis, moved inwards where it would be cut off. */
function below(words, x, y, width) {
  const half = (words.length * LETTER) / 2;
  return s("text", { class: "tick", x: Math.min(Math.max(x, half), width - half), y, "text-anchor": "middle" }, words);
}

/** The title of a vertical axis. */
export const sideways = (words, middle, base) =>
  s(
    "text",
    { class: "title", x: base, y: middle, "text-anchor": "middle", transform: `rotate(-90 ${base} ${middle})` },
    words,
  );

/** Where a value of an axis lies in the picture. */
const scale = ({ from, to }, least, most) => (value) => least + ((value - from) / (to - from || 1)) * (most - least);

const ticksOf = ({ from, to, ticks }) => ticks ?? QUARTERS.map((part) => from + part * (to - from));

const labelOf = ({ to, label }, value) => (label ? label(value) : shareLabel(value, to));

/** A share in percent, without its sign. */
export const shareLabel = (value, most) => (most < 0.2 ? (value * 100).toFixed(1) : (value * 100).toFixed(0));

/** The end of an axis of shares that shows the largest one well. */
export const topShare = (most) => [0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8].find((each) => each >= most) ?? 1;

/** Round values between two, about so many: 1, 2 or 5 times a power of ten apart. */
export function roundTicks(from, to, many = 5) {
  const rough = (to - from) / many;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
  const first = Math.ceil(from / step - 1e-9);
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, place) => (first + place) * step);
}

/** The least and the most of some values with a little room around them; nulls are left out. */
export function spread(values) {
  const known = values.filter((each) => each !== null && each !== undefined);
  if (known.length === 0) return [0, 1];
  const [least, most] = known.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [known[0], known[0]]);
  const room = (most - least) * 0.06 || Math.abs(most) * 0.06 || 1;
  return [least - room, most + room];
}

/** A line through points. */
export const path = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export const line = (kind, points) => s("path", { class: kind, d: path(points) });

export const segment = (kind, [x1, y1], [x2, y2]) => s("line", { class: kind, x1, y1, x2, y2 });

/** A dot; `words` show when a pointer rests on it. */
export const dot = (kind, [cx, cy], r = 3.5, words = "") => s("circle", { class: kind, cx, cy, r }, words && s("title", {}, words));

export const square = (kind, [x, y], half = 3.5) => s("rect", { class: kind, x: x - half, y: y - half, width: 2 * half, height: 2 * half });

/** Where a click was, in the picture's own measure. */
export const pointer = (svg, event) =>
  new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

/** What the marks of a chart mean, above it, in as many rows as its width asks for: pairs of a mark and words. */
export function legend(entries, { left, right, width }) {
  let [x, row] = [left, 0];
  const placed = entries.map(([mark, words]) => {
    const length = 24 + words.length * LETTER + 14;
    if (x > left && x + length > width - right + 14) [x, row] = [left, row + 1];
    const at = x;
    x += length;
    const base = 14 + row * KEY_ROW;
    return [mark(at + 9, base - 4), s("text", { class: "tick", x: at + 24, y: base }, words)];
  });
  return { marks: s("g", {}, placed), height: (row + 1) * KEY_ROW + 8 };
}

/** Marks of a legend. */
export const keyLine = (kind) => (x, y) => segment(kind, [x - 9, y], [x + 9, y]);
export const keyDot = (kind) => (x, y) => dot(kind, [x, y]);
export const keyBox = (kind) => (x, y) => s("rect", { class: kind, x: x - 9, y: y - 5, width: 18, height: 10 });
