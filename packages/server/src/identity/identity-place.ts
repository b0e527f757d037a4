/** A document, and what tells it from the one before and the one after. */
export type ReadIdentity = {
  /** Its form was not looked at. */
  readonly content: unknown
  /** Another text after each change. */
  readonly stamp: string
}

/** Where an identity document is kept: a file of its own (identity-file.ts), or a catalog (catalog-identity.ts). */
export interface IdentityPlace {
  /** As people are told of it. */
  readonly name: string
  /** The file on the disk that every change of it changes: who wants to see them watches it. */
  readonly path: string
  /** How a server is told to use it: `--identity FILE`. */
  readonly serverOptions: string
  /** What `millrace identity COMMAND` needs to find it, with a space before; empty where it needs nothing. */
  readonly commandOptions: string
  /** @throws IdentityError in one line: it is not there, is not to be trusted, or cannot be read */
  read(): Promise<ReadIdentity>
  /**
   * Puts another document in its place, whole or not at all; durable when it resolves.
   * @param expected the stamp of what must still be there; undefined: there must be none
   * @throws IdentityError if there is another, or it cannot be written
   */
  write(content: unknown, expected: string | undefined): Promise<void>
}
