import type { Clock, Logger } from '@millrace/ports'
import { type FileStamp, type ReadFile, readIdentityFile, stampOf } from './identity-file.ts'

/**
 * How often the file is looked at. Looking finds every kind of change (an editor's, a move into its place, a mounted secret
 * whose folder is a link that moves) on every file system, where events of the system do not.
 */
const lookMs = 1000

/** Follows a file: each time it has become another one, its content is taken. What cannot be taken changes nothing. */
export class FollowedFile {
  readonly #path: string
  readonly #take: (content: unknown) => void
  readonly #clock: Clock
  readonly #logger: Logger
  #stamp: FileStamp | undefined
  #stopLooking = () => {}
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  /**
   * @param first the file as it was taken when the server started
   * @param take throws one line if the content cannot be taken
   */
  constructor(
    path: string,
    first: ReadFile,
    take: (content: unknown) => void,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.#path = path
    this.#take = take
    this.#clock = clock
    this.#logger = logger
    this.#stamp = first.stamp
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopLooking()
    await this.#looking
  }

  #lookLater(): void {
    if (this.#isStopped) return
    this.#stopLooking = this.#clock.after(lookMs, () => {
      this.#looking = this.#look().finally(() => this.#lookLater())
    })
  }

  async #look(): Promise<void> {
    let stamp: FileStamp | undefined
    try {
      stamp = await stampOf(this.#path)
      if (stamp === this.#stamp) return
      const read = await readIdentityFile(this.#path)
      stamp = read.stamp
      if (!this.#isStopped) this.#take(read.content)
      this.#logger.log('info', 'the identity file has changed, and is in force', { path: this.#path })
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0]
      this.#logger.log('error', 'the identity file has changed and cannot be taken: what was there stays in force', {
        path: this.#path,
        reason,
      })
    }
    this.#stamp = stamp
  }
}
