// Charts as PNG and their data as CSV, made in the browser: nothing is sent anywhere.

const SCALE = 2; // pixels of the picture for one of the page
const TITLE = 30; // pixels above the chart, for its title
const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-weight", "font-family", "text-anchor"];
const GUARDED = /^[=+\-@\t\r']/; // as in wafer/cells.py: what a spreadsheet would take for a formula

/** Save an SVG that the page shows as a picture. */
export async function savePng(svg, name, title = "") {
  const { width, height } = svg.viewBox.baseVal;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg, width, height))}`; // the policy allows data:
  await image.decode();
  const canvas = document.createElement("canvas");
  const above = title ? TITLE : 0;
  [canvas.width, canvas.height] = [width * SCALE, (height + above) * SCALE];
  const context = canvas.getContext("2d");
  const looks = getComputedStyle(svg);
  context.scale(SCALE, SCALE);
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
  context.fillRect(0, 0, width, height + above);
  context.fillStyle = looks.color;
  context.font = `600 14px ${looks.fontFamily}`;
  context.fillText(title, 10, 20, width - 20);
  context.drawImage(image, 0, above, width, height);
  hand(await new Promise((done) => canvas.toBlob(done, "image/png")), `${fileName(name)}.png`);
}

/** The SVG as a document of its own: what the style sheet says of each element stands in its attributes. */
function standalone(svg, width, height) {
  const copy = svg.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((each, place) => {
    const looks = getComputedStyle(each);
    for (const look of LOOKS) copies[place].setAttribute(look, looks.getPropertyValue(look));
  });
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return new XMLSerializer().serializeToString(copy);
}

/** Save rows as CSV: `columns` are names, each row has as many values; texts are safe to open in a spreadsheet. */
export function saveCsv(name, columns, rows) {
  hand(new Blob([csvText(columns, rows)], { type: "text/csv;charset=utf-8" }), `${fileName(name)}.csv`);
}

export const csvText = (columns, rows) => [columns, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = GUARDED.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const fileName = (name) => name.replaceAll(/[^\p{L}\p{N}._]+/gu, "-").replaceAll(/^-+|-+$/g, "") || "chart";

/** Offer a file to the person, as a download. */
function hand(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  [link.href, link.download] = [address, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
