// When a batch was written.

/** The time of a batch as its file's name says it: it has no time zone, so it is never moved to another. */
export const stamp = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
