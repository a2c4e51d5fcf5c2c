// Integers in records: the addon would cut a number to the one that it needs.

const RANGES = {
  u32: { least: 0, most: 2 ** 32 - 1 },
  i64: { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
}

/**
 * Calls `refuse` with the first field of a record, or of several, whose number its integer cannot be. `records` tells of
 * each record its fields that are integers or hold records. What is no number is for the addon to refuse.
 */
export function checkIntegers(records, type, value, refuse, field) {
  const range = RANGES[type]
  if (Array.isArray(value)) {
    for (const item of value) checkIntegers(records, type, item, refuse, field)
  } else if (range) {
    if (typeof value === 'number' && !fits(value, range)) refuse(field)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(records[type])) checkIntegers(records, inner, value[name], refuse, name)
  }
}

function fits(number, { least, most }) {
  return Number.isInteger(number) && number >= least && number <= most
}
