import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { missing } from '../clients/installed.ts'

/*
 * S3 servers as programs of their own, on a folder, that check signatures and checksums and take parts: VersityGW, which CI
 * has, and MinIO where the machine has it (it is twice as long to build).
 */

export const keys = { accessKeyId: 'millrace', secretAccessKey: 'a-secret-of-forty-characters-is-not-needed' }
const region = 'us-east-1'

const programs = {
  versitygw: {
    args: (address: string, folder: string) => ['--quiet', '--port', address, '--region', region, 'posix', folder],
    environment: { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
    /** What it calls keys that it does not know; S3 says InvalidAccessKeyId. */
    unknownKey: 'XAdminUserNotFound',
  },
  minio: {
    args: (address: string, folder: string) => ['server', '--quiet', '--address', address, folder],
    environment: { MINIO_ROOT_USER: keys.accessKeyId, MINIO_ROOT_PASSWORD: keys.secretAccessKey, MINIO_BROWSER: 'off' },
    unknownKey: 'InvalidAccessKeyId',
  },
}

export type Program = keyof typeof programs

/** Reasons to skip the cases of each: only VersityGW is ever demanded. */
export const skipped: { readonly [P in Program]: string | undefined } = {
  versitygw: missing('versitygw', 'versitygw', ['--version']),
  minio: spawnSync('minio', ['--version']).status === 0 ? undefined : 'this machine has no MinIO',
}

export type StoredObject = {
  readonly key: string
  readonly bytes: Buffer
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /** Ends in a dash and the number of parts for what came in parts. */
  readonly etag: string
}

export class S3Gateway {
  readonly endpoint: string
  readonly client: S3Client
  readonly #program: Program
  readonly #folder: string
  readonly #address: string
  #process: ChildProcess | undefined

  private constructor(program: Program, folder: string, port: number) {
    this.#program = program
    this.#folder = folder
    this.#address = `127.0.0.1:${port}`
    this.endpoint = `http://${this.#address}`
    this.client = new S3Client({ endpoint: this.endpoint, region, credentials: keys, forcePathStyle: true })
  }

  static async start(t: TestContext, program: Program, ...buckets: string[]): Promise<S3Gateway> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-s3-'))
    const gateway = new S3Gateway(program, folder, await freePort())
    t.after(async () => {
      gateway.client.destroy()
      await gateway.kill()
      await rm(folder, { recursive: true, force: true })
    })
    await gateway.run()
    for (const bucket of buckets) await gateway.createBucket(bucket)
    return gateway
  }

  /** Starts it, on the same folder and port each time; resolves when it listens. */
  async run(): Promise<void> {
    const { args, environment } = programs[this.#program]
    const own = spawn(this.#program, args(this.#address, this.#folder), {
      stdio: 'ignore',
      env: { ...process.env, ...environment },
    })
    this.#process = own
    const isUp = () =>
      fetch(this.endpoint).then(
        () => true,
        () => false,
      )
    while (!(await isUp())) {
      if (own.exitCode !== null) throw new Error(`${this.#program} ended with ${own.exitCode}`)
      await sleep(20)
    }
  }

  get unknownKey(): string {
    return programs[this.#program].unknownKey
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    const own = this.#process
    this.#process = undefined
    if (!own || own.exitCode !== null) return
    own.kill('SIGKILL')
    await once(own, 'exit')
  }

  async createBucket(bucket: string): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: bucket }))
  }

  async objects(bucket: string): Promise<StoredObject[]> {
    const found: StoredObject[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await this.client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken }))
      for (const { Key } of page.Contents ?? []) found.push(await this.#read(bucket, Key!))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return found
  }

  async #read(bucket: string, key: string): Promise<StoredObject> {
    const got = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const bytes = Buffer.from(await got.Body!.transformToByteArray())
    return { key, bytes, contentType: got.ContentType, contentEncoding: got.ContentEncoding, etag: got.ETag ?? '' }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
