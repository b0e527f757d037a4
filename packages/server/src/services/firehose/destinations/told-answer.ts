/** How much of an answer is told in logs and in each error record. */
const toldLengthMax = 1000

/** Shorter ones would be found everywhere. */
const secretLengthMin = 4

/**
 * The beginning of what an end said, for logs and error records. It may repeat what it was sent to know who asks: that is
 * told to nobody, as it stands or inside JSON.
 */
export function toldAnswer(text: string, secret = ''): string {
  const told = secret.length < secretLengthMin ? text : withoutSecret(text, secret)
  return told.slice(0, toldLengthMax)
}

const withoutSecret = (text: string, secret: string) =>
  text.replaceAll(secret, '********').replaceAll(JSON.stringify(secret).slice(1, -1), '********')
