/** An answered request, for the log and the metrics. */
export interface AnsweredRequest {
  readonly client: string
  readonly method: string
  readonly url: string
  readonly userAgent: string
  readonly status: number
  /** Bytes of the body that were sent. */
  readonly bytes: number
  readonly milliseconds: number
  /** The client went away before the answer was complete. */
  readonly aborted: boolean
}

/** Counters of a server, as Prometheus reads them. */
export class Metrics {
  readonly #requests = new Map<string, number>()
  #bytes = 0
  #seconds = 0
  #aborted = 0
  #inFlight = 0

  begin(): void {
    this.#inFlight++
  }

  end({ method, status, bytes, milliseconds, aborted }: AnsweredRequest): void {
    const labels = `method="${method}",code="${status}"`
    this.#inFlight--
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1)
    this.#bytes += bytes
    this.#seconds += milliseconds / 1000
    if (aborted) this.#aborted++
  }

  /** Source: Prometheus text exposition format 0.0.4. */
  render(residentBytes: number): string {
    return [
      ...metric('nodeseed_requests_total', 'counter', 'Requests that were answered.', this.#requests),
      ...metric('nodeseed_requests_aborted_total', 'counter', 'Requests whose client went away.', this.#aborted),
      ...metric('nodeseed_response_bytes_total', 'counter', 'Bytes of bodies that were sent.', this.#bytes),
      ...metric('nodeseed_request_seconds_total', 'counter', 'Time spent on answers, all together.', this.#seconds),
      ...metric('nodeseed_requests_in_flight', 'gauge', 'Requests that are being answered now.', this.#inFlight),
      ...metric('process_resident_memory_bytes', 'gauge', 'Memory of this process.', residentBytes),
      '',
    ].join('\n')
  }
}

function metric(name: string, type: string, help: string, value: number | ReadonlyMap<string, number>): string[] {
  const samples =
    typeof value === 'number' ? [`${name} ${value}`] : [...value].map(([labels, n]) => `${name}{${labels}} ${n}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples]
}
