import { AwsError } from '../../core/aws-error.ts'

/* CloudWatch's sentences, once each. Paths are as in the Query protocol: `MetricData.member.1.Value`. */

const invalidValue = (message: string) => new AwsError('InvalidParameterValueException', message)
const invalidCombination = (message: string) => new AwsError('InvalidParameterCombinationException', message)
const missing = (message: string) => new AwsError('MissingRequiredParameterException', message)
/** GetMetricData's own way to say what is wrong with it. */
const invalidQuery = (message: string) => new AwsError('ValidationError', message)

export const reservedNamespace = () => invalidValue('The value AWS/ for parameter Namespace is invalid.')

export const parameterMissing = (path: string) => missing(`The parameter ${path} is required.`)

export const noValue = (path: string) =>
  missing(`At least one of the parameters ${path}.Value, ${path}.Values or ${path}.StatisticValues must be specified.`)

export const bothGiven = (one: string, other: string) =>
  invalidCombination(`The parameters ${one} and ${other} are mutually exclusive and you have specified both.`)

export const sizesDiffer = (path: string) =>
  invalidValue(`The parameters ${path}.Values and ${path}.Counts must be of the same size.`)

export const badValue = (value: unknown, path: string) =>
  invalidValue(`The value ${String(value).slice(0, 100)} for parameter ${path} is invalid.`)

export const tooOld = (path: string) =>
  invalidValue(`The parameter ${path}.Timestamp must specify a time within the past two weeks.`)

export const tooFarAhead = (path: string) =>
  invalidValue(`The parameter ${path}.Timestamp must specify a time no more than two hours in the future.`)

export const notInSet = (path: string, values: readonly string[]) =>
  invalidValue(`The parameter ${path} must be a value in the set [ ${values.join(', ')} ].`)

export const tooMany = (path: string, max: number) =>
  invalidValue(`The collection ${path} must not have a size greater than ${max}.`)

export const maximumBelowMinimum = (path: string) =>
  invalidValue(`The parameter ${path}.Maximum must be greater than ${path}.Minimum.`)

export const repeatedDimension = (path: string) => invalidValue(`The parameter ${path} has a dimension more than once.`)

export const startNotBeforeEnd = () => invalidValue('The parameter StartTime must be less than the parameter EndTime.')

export const badPeriod = (path: string) =>
  invalidValue(`The parameter ${path} must be 1, 5, 10, 20, 30, or a multiple of 60.`)

export const tooManyDatapoints = (asked: number, max: number) =>
  invalidCombination(
    `You have requested up to ${asked} datapoints, which exceeds the limit of ${max}. ` +
      'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
  )

export const noStatistics = () => missing('At least one of Statistics and ExtendedStatistics must be specified.')

export const badToken = () => new AwsError('InvalidNextToken', 'Request parameter NextToken is invalid')

export const badListToken = () => invalidValue('Request parameter NextToken is invalid')

export const queryStartNotBeforeEnd = () => invalidQuery('The parameter EndTime must be greater than StartTime.')
export const queryStartIsEnd = () => invalidQuery('The parameter StartTime must not equal parameter EndTime.')

export const badId = (i: number) =>
  invalidQuery(
    `The value for parameter MetricDataQueries.member.${i}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
  )
export const idsNotUnique = () => invalidQuery('The values for parameter id in MetricDataQueries are not unique.')
export const badStatistic = (stat: string, i: number) =>
  invalidQuery(
    `The value ${stat.slice(0, 100)} for parameter MetricDataQueries.member.${i}.MetricStat.Stat is not a valid statistic.`,
  )
export const queryBothGiven = (one: string, other: string) =>
  invalidQuery(`The parameters ${one} and ${other} are mutually exclusive and you have specified both.`)
export const queryMissing = (path: string) =>
  invalidQuery(`At least one of the parameters ${path}.Expression and ${path}.MetricStat must be specified.`)
export const queryBadPeriod = (path: string) =>
  invalidQuery(`The parameter ${path} must be 1, 5, 10, 20, 30, or a multiple of 60.`)
export const tooManyQueries = (max: number) =>
  invalidQuery(`The collection MetricDataQueries must not have a size greater than ${max}.`)
export const nothingReturned = () =>
  invalidQuery('At least one of the queries in MetricDataQueries must have ReturnData set to true.')

/** Millrace's own answers. */
export const expressionUnsupported = (i: number, because: string) =>
  invalidQuery(`Error in expression of MetricDataQueries.member.${i}: Millrace ${because}.`)
export const tooManyMetrics = (max: number) =>
  new AwsError('LimitExceededException', `Millrace keeps at most ${max} metrics: fewer dimensions make fewer metrics.`)
export const tooMuchData = () =>
  invalidCombination('The request reads more data than Millrace adds up at once: decrease the time range.')
