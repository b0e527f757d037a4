import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import {
  ConfigurationError,
  configurationOf,
  type MultilangConfiguration,
  readProperties,
  runMultilang,
} from '@millrace/consumer'
import { CloudWatchMetrics, foregroundClock, type LogLevel, noMetrics } from '@millrace/ports'
import { refusedOptions } from '../option-values.ts'
import { jsonLogger } from '../telemetry/json-logger.ts'
import type { Output } from './command.ts'

const help = `millrace multilang [--config] FILE.properties [options]
  Runs a record processor written in any language, one process for each shard, by the MultiLangDaemon protocol that the
  Kinesis client libraries for Python, Ruby, Node.js and .NET speak. FILE has KCL's properties. See docs/multilang.md.

  -c, --config FILE        the properties (-p, --properties-file as KCL's daemon has it)
  --executable COMMAND     executableName: the record processor's program and its arguments
  --stream NAME|ARN        streamName, streamArn
  --application NAME       applicationName: names the lease table
  --endpoint URL           for Kinesis, DynamoDB and CloudWatch alike, e.g. http://127.0.0.1:4567
  --set KEY=VALUE          any other property; may be given many times
  --log-level LEVEL        debug, info, warn or error; lines of JSON on standard error (info)
  -h, --help`

/**
 * Works until SIGTERM or SIGINT, or until a child fails. Returns the exit code: 0 after a clean stop, 1 when a child failed
 * or the stream cannot be read, 2 for a wrong option or property.
 */
export async function multilangCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  let configuration: MultilangConfiguration
  let logLevel: LogLevel
  try {
    const options = readOptions(args)
    if (options === 'help') {
      out.write(`${help}\n`)
      return 0
    }
    configuration = configurationOf(options.properties)
    logLevel = options.logLevel
  } catch (error) {
    err.write(`millrace multilang: ${refusedOptions(error, 'millrace multilang --help')}\n`)
    return 2
  }
  const logger = jsonLogger((line) => void err.write(line), foregroundClock, logLevel)
  for (const warning of configuration.warnings) logger.log('warn', warning)

  const stopping = new AbortController()
  const stop = () => stopping.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const {
    region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
    endpoints,
    credentials,
  } = configuration
  const own = (endpoint: string | undefined) => ({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
  })
  const kinesis = new KinesisClient(own(endpoints.kinesis))
  const dynamodb = new DynamoDBClient(own(endpoints.dynamoDb))
  const cloudWatch = new CloudWatch(own(endpoints.cloudWatch))
  const metrics =
    configuration.metricsLevel === 'NONE'
      ? undefined
      : new CloudWatchMetrics(cloudWatch, {
          namespace: configuration.applicationName,
          uploadDelayMs: configuration.metricsBufferTimeMs ?? metricsBufferTimeMsDefault,
          logger,
        })
  try {
    return await runMultilang(
      configuration,
      {
        clients: { kinesis, dynamodb },
        clock: foregroundClock,
        logger,
        metrics: metrics ?? noMetrics,
        errorOutput: process.stderr,
      },
      stopping.signal,
    )
  } catch (error) {
    logger.log('error', (error as Error).message, { error: String(error) })
    return 1
  } finally {
    await metrics?.close()
    for (const client of [kinesis, dynamodb, cloudWatch]) client.destroy()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
}

/** KCL's metricsBufferTimeMillis. */
const metricsBufferTimeMsDefault = 10_000

type Options = { readonly properties: ReadonlyMap<string, string>; readonly logLevel: LogLevel }

/** The file's properties, and over them what the flags say. @throws Error */
function readOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      'properties-file': { type: 'string', short: 'p' },
      executable: { type: 'string' },
      stream: { type: 'string' },
      application: { type: 'string' },
      endpoint: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      'log-level': { type: 'string', default: 'info' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return 'help'
  const [file, ...more] = [values.config, values['properties-file'], ...positionals].filter((one) => one !== undefined)
  if (more.length > 0)
    throw new ConfigurationError(`only one file of properties can be given, and there is also ${more[0]}`)
  const properties = new Map(file === undefined ? [] : readProperties(textOf(file)))
  const say = (key: string, value: string | undefined) => value !== undefined && properties.set(key, value)
  say('executableName', values.executable)
  say(values.stream?.startsWith('arn:') ? 'streamArn' : 'streamName', values.stream)
  say('applicationName', values.application)
  for (const key of ['kinesisEndpoint', 'dynamoDBEndpoint', 'cloudWatchEndpoint']) say(key, values.endpoint)
  for (const pair of values.set) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
    if (key === '') throw new ConfigurationError(`--set must be KEY=VALUE, not "${pair}"`)
    properties.set(key.trim(), value.trim())
  }
  const logLevel = levels.find((level) => level === values['log-level'])
  if (!logLevel) throw new ConfigurationError(`--log-level must be ${levels.join(', ')}, not "${values['log-level']}"`)
  return { properties, logLevel }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`the properties cannot be read: ${(error as Error).message}`)
  }
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
