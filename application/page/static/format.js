// Numbers, sizes, times and names as a person reads them.

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const NONE = "–";
export const PIPELINES = { train: "Training", predict: "Prediction", outcomes: "Outcomes" };

export const count = (number) => (number ?? 0).toLocaleString("en");
export const plural = (one) => (one.endsWith("ch") ? `${one}es` : `${one}s`);
export const many = (number, one, more = plural(one)) => `${count(number)} ${number === 1 ? one : more}`;
export const percent = (share, digits = 0) =>
  share === null || share === undefined ? NONE : `${(share * 100).toFixed(digits)} %`;
export const fixed = (number, digits = 3) => (number === null || number === undefined ? NONE : number.toFixed(digits));
export const signed = (number, digits = 2) => (number < 0 ? "−" : "+") + Math.abs(number).toFixed(digits);

/** A reading in at most five figures. */
export const reading = (number) =>
  number === null || number === undefined ? "no reading" : String(Number(number.toPrecision(5)));

export function bytes(size) {
  const units = ["B", "kB", "MB", "GB"];
  let power = 0;
  while (size >= 1000 && power < units.length - 1) [size, power] = [size / 1000, power + 1];
  return `${size.toFixed(power && size < 10 ? 1 : 0)} ${units[power]}`;
}

export function seconds(span) {
  if (span === null || span === undefined) return NONE;
  if (span < 100) return `${span.toFixed(1)} s`;
  const minutes = Math.floor(span / 60);
  const rest = String(Math.round(span % 60)).padStart(2, "0");
  return minutes < 60
    ? `${minutes} min ${rest} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** Today by its time, other days by their date too. */
export function moment(iso) {
  if (!iso) return NONE;
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return today ? TIME.format(at) : `${DAY.format(at)}, ${TIME.format(at)}`;
}

export const fullMoment = (iso) => (iso ? FULL.format(new Date(iso)) : NONE);
export const between = (from, to) => (from && to ? (new Date(to) - new Date(from)) / 1000 : null);

/** The last part of a source, which is what people call a batch set. */
export const sourceName = (source) => source.split("/").at(-1) || source;

/** How many wafers of a training set are near copies of others, in a sentence. */
export const nearCopies = (number) => `${many(number, "wafer")} of the training set read like another one to within a thousandth`;
