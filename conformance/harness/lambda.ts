import { KinesisClient } from '@aws-sdk/client-kinesis'
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda'
import { type Millrace, type MillraceOptions, startMillrace } from 'millrace'
import { authenticationOptions, testKey } from './keys.ts'

/** A line of the log. */
export type Logged = { readonly level: string; readonly message: string; readonly facts: Record<string, unknown> }

/** A server with functions, and real clients of it. */
export class LambdaServer {
  readonly logged: Logged[] = []
  readonly #listeners = new Set<() => void>()
  #server: Millrace | undefined
  #lambda: LambdaClient | undefined
  #kinesis: KinesisClient | undefined

  async open(options: MillraceOptions): Promise<void> {
    const logger = {
      log: (level: string, message: string, facts = {}) => {
        this.logged.push({ level, message, facts })
        for (const listener of [...this.#listeners]) listener()
      },
    }
    this.#server = await startMillrace({ limits: 'off', transitionMs: 5, logger, ...authenticationOptions, ...options })
    const connection = {
      endpoint: this.#server.url,
      region: 'us-east-1',
      credentials: testKey,
      maxAttempts: 1,
    }
    this.#lambda = new LambdaClient(connection)
    this.#kinesis = new KinesisClient(connection)
  }

  async close(): Promise<void> {
    this.#lambda?.destroy()
    this.#kinesis?.destroy()
    await this.#server?.stop()
  }

  /** Resolves once the log has such a line. */
  async untilLogged(isIt: (line: Logged) => boolean): Promise<void> {
    while (!this.logged.some(isIt))
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.#listeners.delete(listener)
          resolve()
        }
        this.#listeners.add(listener)
      })
  }

  get url(): string {
    return this.#server!.url
  }

  get lambda(): LambdaClient {
    return this.#lambda!
  }

  get kinesis(): KinesisClient {
    return this.#kinesis!
  }

  /** Invokes a function: its answer or its error, parsed. */
  async invoke(FunctionName: string, event: unknown = {}, more: Partial<InvokeCommandInput> = {}) {
    const Payload = JSON.stringify(event)
    const answer = await this.lambda.send(new InvokeCommand({ FunctionName, Payload, ...more }))
    const text = Buffer.from(answer.Payload ?? []).toString()
    const logTail = Buffer.from(answer.LogResult ?? '', 'base64').toString()
    return { ...answer, logTail, value: text === '' ? undefined : JSON.parse(text) }
  }
}
