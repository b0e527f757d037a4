/*
 * Functions for event source mappings. Each writes the data of the records that it is done with to its log, one line for a
 * batch. What is to go wrong stands in the data.
 */

const textsOf = ({ Records }) => Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())

const faults = {
  throw() {
    throw new Error('a bad record')
  },
  crash: () => process.abort(),
  exit: () => process.exit(1),
  hang: () => new Promise(() => {}),
  rubbish: () => ({ batchItemFailures: 'rubbish' }),
}

export const handler = async (event) => {
  const texts = textsOf(event)
  for (const text of texts) if (faults[text]) return faults[text]()
  console.log(`batch ${JSON.stringify(texts)}`)
}

/** Reports the records that it failed on, and is done with the others. */
export const reporting = async (event) => {
  const bad = event.Records.filter(({ kinesis }) => atob(kinesis.data).startsWith('bad'))
  console.log(`batch ${JSON.stringify(textsOf(event).filter((text) => !text.startsWith('bad')))}`)
  return { batchItemFailures: bad.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) }
}

/** Counts the records of a tumbling window. */
export const counting = async ({ Records, isFinalInvokeForWindow, state }) => {
  if (isFinalInvokeForWindow) console.log(`window ${state.count}`)
  return { state: { count: (state.count ?? 0) + Records.length } }
}
