import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

type Fault = { readonly code: string; readonly message: string }

/*
 * As much of Redshift as Firehose needs: PostgreSQL's protocol (chapter "Message Formats"), a password, and a COPY that is
 * read strictly, with the manifest and the objects that it names.
 *
 *   first message   length:i32  80877103 (may we speak TLS?) | 196608 (version 3.0) and name\0 value\0 … \0
 *   later           type:byte   length:i32, itself included   body
 */

const copy =
  /^COPY (?<table>"(?:[^"]|"")+"(?:\."(?:[^"]|"")+")?)(?: \((?<columns>(?:"(?:[^"]|"")+"(?:, )?)+)\))? FROM 's3:\/\/(?<manifest>[^']+)' CREDENTIALS 'aws_iam_role=(?<role>arn:aws:iam::\d{12}:role\/[^']+)' MANIFEST(?: (?<options>.*))?$/

export class RedshiftStandIn {
  /** Rows of each table, by its name as COPY had it. */
  readonly rows = new Map<string, unknown[]>()
  readonly statements: string[] = []
  password = 'correct horse'
  /** What a COPY is answered with instead of being done. */
  fails: Fault | undefined
  /** Reads `bucket/key`. */
  readonly #read: (path: string) => Buffer | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(read: (path: string) => Buffer | undefined) {
    this.#read = read
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      void this.#serve(socket).catch(() => {}) // the client has gone
    })
  }

  static async open(read: (path: string) => Buffer | undefined): Promise<RedshiftStandIn> {
    const standIn = new RedshiftStandIn(read)
    await once(standIn.#server.listen(0, '127.0.0.1'), 'listening')
    return standIn
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose]() {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(socket: Socket): Promise<void> {
    let bytes = Buffer.alloc(0)
    let isStarted = false
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      for (;;) {
        const at = isStarted ? 1 : 0
        if (bytes.byteLength < at + 4 || bytes.byteLength < at + bytes.readInt32BE(at)) break
        const end = at + bytes.readInt32BE(at)
        const type = isStarted ? String.fromCharCode(bytes[0]!) : 'startup'
        const body = bytes.subarray(at + 4, end)
        bytes = bytes.subarray(end)
        if (type === 'startup' && body.readInt32BE(0) === 80_877_103) {
          socket.write('N')
          continue
        }
        isStarted = true
        if (!this.#answer(socket, type, body)) return void socket.end()
      }
    }
  }

  /** False where the conversation is over. */
  #answer(socket: Socket, type: string, body: Buffer): boolean {
    const text = () => body.toString('utf8', 0, body.indexOf(0))
    switch (type) {
      case 'startup':
        return socket.write(message('R', Buffer.of(0, 0, 0, 3))) || true
      case 'p':
        if (text() !== this.password) {
          socket.write(fault({ code: '28P01', message: 'password authentication failed' }))
          return false
        }
        return socket.write(Buffer.concat([message('R', Buffer.of(0, 0, 0, 0)), ready])) || true
      case 'Q': {
        const refused = this.#copy(text())
        const answer = refused ? fault(refused) : message('C', Buffer.from('COPY\0'))
        return socket.write(Buffer.concat([answer, ready])) || true
      }
      default:
        return false
    }
  }

  #copy(statement: string): Fault | undefined {
    this.statements.push(statement)
    const found = copy.exec(statement)?.groups
    if (!found) return { code: '42601', message: `syntax error: ${statement}` }
    if (this.fails) return this.fails
    const manifest = this.#read(found.manifest!)
    if (!manifest) return { code: 'XX000', message: `The specified S3 key s3://${found.manifest} does not exist` }
    const { entries } = JSON.parse(manifest.toString()) as { readonly entries: readonly { readonly url: string }[] }
    const rows = this.rows.get(found.table!) ?? []
    this.rows.set(found.table!, rows)
    for (const { url } of entries) {
      const object = this.#read(url.slice('s3://'.length))
      if (!object) return { code: 'XX000', message: `Mandatory url is not present in manifest file: ${url}` }
      const text = (found.options?.includes('GZIP') ? gunzipSync(object) : object).toString()
      rows.push(
        ...text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      )
    }
    return undefined
  }
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.byteLength + 4, 1)
  return Buffer.concat([head, body])
}

const ready = message('Z', Buffer.from('I'))

const fault = ({ code, message: said }: Fault) => message('E', Buffer.from(`SERROR\0C${code}\0M${said}\0\0`))
