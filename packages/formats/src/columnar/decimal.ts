const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/

/**
 * A decimal number → itself times 10 to the scale, digits behind that rounded half up, away from zero. Undefined for what is
 * no number; `'too large'` for what has more digits than the precision.
 */
export function scaledDecimal(text: string, precision: number, scale: number): bigint | undefined | 'too large' {
  const found = decimalText.exec(text)
  if (!found) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = found as unknown as [string, string, string, string?, string?]
  if (whole === '' && fraction === '') return undefined
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return 0n
  // Decided by counting, before any digits are written out: an exponent may ask for a billion of them.
  const shift = Number(exponent) - fraction.length + scale
  const kept = digits.length + shift
  if (kept > precision) return 'too large'
  if (kept < 0) return 0n
  let value = shift >= 0 ? BigInt(digits + '0'.repeat(shift)) : BigInt(digits.slice(0, kept) || '0')
  if (shift < 0 && digits.charCodeAt(kept) >= 0x35) value += 1n
  if (value >= 10n ** BigInt(precision)) return 'too large'
  return sign === '-' ? -value : value
}
