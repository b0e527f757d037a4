/** What became several: a record of a stream that held many, or a record that a transform took apart. */
export class Whole {
  /** Names it among all of its lane: `1200`, or `1200.3` for the fourth part of that. */
  readonly key: string
  readonly of: number
  /** Taken apart by the source: each part came in a page as a record of its own. */
  readonly isOfSource: boolean
  /** What it is a part of itself. */
  readonly parent: Piece | undefined
  /** Parts that are not settled. */
  left: number

  constructor(key: string, of: number, isOfSource: boolean, parent?: Piece) {
    this.key = key
    this.of = of
    this.isOfSource = isOfSource
    this.parent = parent
    this.left = of
  }
}

/** One of the parts. */
export class Piece {
  readonly whole: Whole
  readonly index: number
  /** Records on their way that hold it: one, or for a moment what it was and what it became. */
  held = 1

  constructor(whole: Whole, index: number) {
    this.whole = whole
    this.index = index
  }
}
