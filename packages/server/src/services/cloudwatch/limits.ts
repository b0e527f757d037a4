/*
 * CloudWatch's quotas (its user guide, "CloudWatch service quotas"), and what bounds the memory and the disk here.
 */

/** Metrics in one PutMetricData, over MetricData and EntityMetricData. */
export const metricsPerPutMax = 1000
/** Values of one metric in one PutMetricData. */
export const valuesPerMetricMax = 150
export const dimensionsMax = 30
/** Data points of one GetMetricStatistics. */
export const datapointsMax = 1440
export const queriesMax = 500
/** Data points of one page of GetMetricData. */
export const pageDatapointsMax = 100_800
/** Metrics of one page of ListMetrics. */
export const pageMetricsMax = 500
/** Values lie between -2^360 and 2^360. */
export const valueMax = 2 ** 360
/** How old and how far ahead a data point may be. */
export const pastMsMax = 14 * 24 * 3600 * 1000
export const futureMsMax = 2 * 3600 * 1000

/** How long data points are kept at one-minute resolution; AWS keeps coarser ones longer, Millrace does not. */
export const retentionMs = 15 * 24 * 3600 * 1000
/** Data points of less than a minute can be had for so long. */
export const highResolutionMs = 3 * 3600 * 1000
/** A metric is listed as recently active for so long. */
export const recentMs = 3 * 3600 * 1000

/** Metrics (namespace, name and dimensions) known at once; beyond it a put of a new one is refused. */
export const seriesMax = 10_000
/** Data points that are not written yet; a put that finds so many waits until they are. */
export const openPointsMax = 50_000
/** Data points that one request may read, before they are added up by period. */
export const readPointsMax = 2_000_000
