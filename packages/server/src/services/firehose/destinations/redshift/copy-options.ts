import { invalidArgument } from '../../../../core/aws-error.ts'

/*
 * CopyCommand.CopyOptions: what stands at the end of Redshift's COPY. Redshift reads it by itself; for a PostgreSQL, whose
 * COPY has other words, it is read here, and an option that cannot be kept is refused when the delivery stream is made.
 */

export type CopyOptions = {
  readonly format: 'delimited' | 'csv' | 'json'
  readonly delimiter: string
  /** Around fields of CSV. */
  readonly quote: string
  /** How objects become rows: by names of columns, whole into the first column, or by a file of paths in a bucket. */
  readonly json: 'auto' | 'auto ignorecase' | 'noshred' | JsonPathsFile
  readonly isGzip: boolean
  readonly headerLines: number
  readonly ignoresBlankLines: boolean
  /** A field of these letters is NULL. */
  readonly nullAs: string
  readonly emptyAsNull: boolean
  readonly blanksAsNull: boolean
  readonly trimsBlanks: boolean
  readonly removesQuotes: boolean
  readonly hasEscapes: boolean
  readonly fillsRecord: boolean
  readonly truncatesColumns: boolean
  /** Values for identity columns are in the data. */
  readonly hasExplicitIds: boolean
  /** Rows that may be refused while the others are loaded. */
  readonly errorsMax: number
  readonly timeFormat: 'auto' | 'epochsecs' | 'epochmillisecs'
  /** Stands for what is no UTF-8; without it such a row is refused. */
  readonly invalidCharacter: string | undefined
}

export type JsonPathsFile = { readonly bucket: string; readonly key: string }

const defaults: CopyOptions = {
  format: 'delimited',
  delimiter: '|',
  quote: '"',
  json: 'auto',
  isGzip: false,
  headerLines: 0,
  ignoresBlankLines: false,
  nullAs: '\\N',
  emptyAsNull: false,
  blanksAsNull: false,
  trimsBlanks: false,
  removesQuotes: false,
  hasEscapes: false,
  fillsRecord: false,
  truncatesColumns: false,
  hasExplicitIds: false,
  errorsMax: 0,
  timeFormat: 'auto',
  invalidCharacter: undefined,
}

/** Redshift's own bound of MAXERROR, beyond which it takes no COPY: then no delivery would succeed. */
const errorsMaxMax = 100_000

type Token = { readonly kind: 'word' | 'number' | 'text' | 'sign'; readonly text: string }
const token = /\s*(?:([A-Za-z_]\w*)|(\d+)|'((?:[^']|'')*)'|([(),=.*]))\s*/uy

/** @throws InvalidArgumentException for what could be more than options: a semicolon, a comment, an open quote */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const from = token.lastIndex
    const [, word, number, quoted, sign] = token.exec(text) ?? []
    if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase() })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'") })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else throw invalidArgument(`CopyCommand.CopyOptions cannot be read from here on: ${text.slice(from, from + 40)}`)
  }
  return tokens
}

/** The options as Redshift gets them: nothing but words, numbers and quoted texts. @throws InvalidArgumentException */
export const redshiftOptions = (text: string): string =>
  tokensOf(text.trim())
    .map(({ kind, text: value }) => (kind === 'text' ? `'${value.replaceAll("'", "''")}'` : value))
    .join(' ')

/** The options as they are kept for a PostgreSQL. @throws InvalidArgumentException for one that cannot be kept */
export function copyOptions(text: string): CopyOptions {
  const reader = new OptionReader(tokensOf(text.trim()))
  const made: Made = {}
  for (let name = reader.option(); name !== undefined; name = reader.option()) {
    const read = readers[name]
    if (!read) throw notKept(name)
    read(made, reader)
  }
  const { format = defaults.format } = made
  return { ...defaults, ...(format === 'csv' && { delimiter: ',' }), ...made }
}

type Made = { -readonly [K in keyof CopyOptions]?: CopyOptions[K] }
type Reader = (made: Made, reader: OptionReader) => void

function setFormat(made: Made, format: CopyOptions['format']): void {
  if (made.format && made.format !== format) throw invalidArgument('CopyCommand.CopyOptions names two formats.')
  made.format = format
}

/** A word that is there or not. */
const flag =
  (name: { [K in keyof CopyOptions]: CopyOptions[K] extends boolean ? K : never }[keyof CopyOptions]): Reader =>
  (made) => {
    made[name] = true
  }

/** What is Redshift's own affair, and changes no row. */
const ignored: Reader = (_, reader) => reader.skipValue()

const readers: Readonly<Record<string, Reader | undefined>> = {
  FORMAT: (_, reader) => reader.skip('AS'),
  CSV: (made) => setFormat(made, 'csv'),
  QUOTE(made, reader) {
    made.quote = oneCharacter('QUOTE', reader.text('QUOTE'))
    setFormat(made, 'csv')
  },
  DELIMITER(made, reader) {
    made.delimiter = oneCharacter('DELIMITER', reader.text('DELIMITER'))
  },
  JSON(made, reader) {
    made.json = jsonOf(reader.textOr('auto'))
    setFormat(made, 'json')
  },
  GZIP: flag('isGzip'),
  IGNOREHEADER(made, reader) {
    made.headerLines = reader.number('IGNOREHEADER')
  },
  IGNOREBLANKLINES: flag('ignoresBlankLines'),
  NULL(made, reader) {
    made.nullAs = unescaped(reader.text('NULL AS'))
  },
  EMPTYASNULL: flag('emptyAsNull'),
  BLANKSASNULL: flag('blanksAsNull'),
  TRIMBLANKS: flag('trimsBlanks'),
  REMOVEQUOTES: flag('removesQuotes'),
  ESCAPE: flag('hasEscapes'),
  FILLRECORD: flag('fillsRecord'),
  TRUNCATECOLUMNS: flag('truncatesColumns'),
  EXPLICIT_IDS: flag('hasExplicitIds'),
  MAXERROR(made, reader) {
    made.errorsMax = reader.number('MAXERROR')
    if (made.errorsMax > errorsMaxMax)
      throw invalidArgument(`CopyCommand.CopyOptions: MAXERROR is at most ${errorsMaxMax}.`)
  },
  IGNOREALLERRORS(made) {
    made.errorsMax = Number.POSITIVE_INFINITY
  },
  ACCEPTINVCHARS(made, reader) {
    made.invalidCharacter = oneCharacter('ACCEPTINVCHARS', reader.textOr('?'))
  },
  TIMEFORMAT(made, reader) {
    made.timeFormat = timeFormatOf(reader.text('TIMEFORMAT'))
  },
  DATEFORMAT(_, reader) {
    const isKept = ['auto', 'yyyy-mm-dd'].includes(reader.text('DATEFORMAT').toLowerCase())
    if (!isKept) throw notKept("DATEFORMAT other than 'auto' and 'YYYY-MM-DD'")
  },
  ENCODING(_, reader) {
    const isKept = ['UTF8', 'AUTO'].includes(reader.wordOrText('ENCODING'))
    if (!isKept) throw notKept('ENCODING other than UTF8')
  },
  REGION: ignored,
  COMPUPDATE: ignored,
  STATUPDATE: ignored,
  COMPROWS: ignored,
  ROUNDEC() {},
}

const notKept = (what: string) =>
  invalidArgument(`CopyCommand.CopyOptions: ${what} cannot be kept with PostgreSQL. See docs/firehose.md for what can.`)

function timeFormatOf(text: string): CopyOptions['timeFormat'] {
  const name = text.toLowerCase()
  if (name === 'epochsecs' || name === 'epochmillisecs') return name
  if (name === 'auto' || name === 'yyyy-mm-dd hh:mi:ss') return 'auto'
  throw notKept("TIMEFORMAT other than 'auto', 'epochsecs', 'epochmillisecs' and 'YYYY-MM-DD HH:MI:SS'")
}

function jsonOf(text: string): CopyOptions['json'] {
  if (text === 'auto' || text === 'auto ignorecase' || text === 'noshred') return text
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(text) ?? []
  if (key === undefined) throw notKept(`JSON '${text}'`)
  return { bucket: bucket!, key }
}

function oneCharacter(name: string, text: string): string {
  const character = unescaped(text)
  if (character.length === 1 && character !== '\n') return character
  throw invalidArgument(`CopyCommand.CopyOptions: ${name} must be one character, and is '${text}'.`)
}

/** `\t`, `\\` and octal numbers like `\001`; anything else behind a backslash is left as it is. */
const unescaped = (text: string): string =>
  text.replace(/\\(t|\\|[0-7]{1,3})/g, (_, what: string) =>
    what === 't' ? '\t' : what === '\\' ? '\\' : String.fromCharCode(Number.parseInt(what, 8)),
  )

class OptionReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The next option's name; undefined at the end. */
  option(): string | undefined {
    const next = this.#tokens[this.#at++]
    if (next && next.kind !== 'word')
      throw invalidArgument(`CopyCommand.CopyOptions: '${next.text}' belongs to no option.`)
    return next?.text
  }

  skip(word: string): void {
    const next = this.#tokens[this.#at]
    if (next?.kind === 'word' && next.text === word) this.#at++
  }

  /** A value that nobody needs: ON, OFF, PRESET, a number or a text. */
  skipValue(): void {
    this.skip('AS')
    const next = this.#tokens[this.#at]
    if (next && (next.kind !== 'word' || ['ON', 'OFF', 'TRUE', 'FALSE', 'PRESET'].includes(next.text))) this.#at++
  }

  textOr(missing: string): string {
    this.skip('AS')
    const next = this.#tokens[this.#at]
    if (next?.kind !== 'text') return missing
    this.#at++
    return next.text
  }

  text(name: string): string {
    this.skip('AS')
    const next = this.#tokens[this.#at++]
    if (next?.kind !== 'text') throw invalidArgument(`CopyCommand.CopyOptions: ${name} needs a text in quotes.`)
    return next.text
  }

  wordOrText(name: string): string {
    this.skip('AS')
    const next = this.#tokens[this.#at++]
    if (!next) throw invalidArgument(`CopyCommand.CopyOptions: ${name} needs a value.`)
    return next.text.toUpperCase()
  }

  number(name: string): number {
    this.skip('AS')
    const next = this.#tokens[this.#at++]
    if (next?.kind !== 'number') throw invalidArgument(`CopyCommand.CopyOptions: ${name} needs a number.`)
    return Number(next.text)
  }
}
