import type { Clock } from '@millrace/ports'
import type { Page } from './gateway/pages.ts'
import type { SleepingServices } from './sleeping-services.ts'
import type { MetricStore } from './telemetry/metric-store.ts'
import { prometheusPage } from './telemetry/prometheus-page.ts'

type PageParts = {
  readonly clock: Clock
  /** On the clock's monotonic time. */
  readonly startedMs: number
  readonly metrics: MetricStore
  readonly deliveries: SleepingServices['deliveries']
  /** The certificate that clients are to trust, as PEM, where one was made here. */
  readonly authority: (() => string | undefined) | undefined
}

/** What GET answers beside the services: /health, /metrics, /deliveries, and /ca.pem where there is an authority. */
export function serverPages({ clock, startedMs, metrics, deliveries, authority }: PageParts): Map<string, Page> {
  const pages = new Map<string, Page>([
    ['/health', async () => ({ contentType: 'application/json', body: '{"status":"ok"}\n' })],
    [
      '/deliveries',
      async () => ({
        contentType: 'application/json',
        body: `${JSON.stringify({ deliveries: await deliveries() })}\n`,
      }),
    ],
    [
      '/metrics',
      async () => ({
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        body: prometheusPage(metrics.all(), {
          residentBytes: process.memoryUsage.rss(),
          uptimeS: (clock.monotonicMs() - startedMs) / 1000,
          droppedSeries: metrics.dropped,
        }),
      }),
    ],
  ])
  if (authority?.() !== undefined)
    pages.set('/ca.pem', async () => ({ contentType: 'application/x-pem-file', body: authority()! }))
  return pages
}
