import { setMaxListeners } from 'node:events'
import type { Dispatcher } from 'undici'
import type { FindSettings } from '../config/certificate-files.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { guardedLookup, lookUpNearness, type Nearness, nearnessOf, PrivateAddressError } from '../http/address-guard.ts'
import { createDispatcher, type TransportOptions } from '../http/dispatcher.ts'
import type { HostSettings } from '../http/host-settings.ts'

/** Connections as each endpoint's host needs them, made once and kept for a run. Close them. */
export class Transports {
  readonly #options: TransportOptions
  readonly #connectTimeout: number
  readonly #findSettings: FindSettings
  readonly #dispatchers = new Map<HostSettings, Map<Nearness, Dispatcher>>()
  /** By host, how near it is. */
  readonly #nearness = new Map<string, Promise<Nearness>>()
  readonly #ending = new AbortController()

  constructor(options: TransportOptions, connectTimeout: number, findSettings: FindSettings = async () => undefined) {
    this.#options = options
    this.#connectTimeout = connectTimeout
    this.#findSettings = findSettings
    // Each connection that is being made listens.
    setMaxListeners(0, this.#ending.signal)
  }

  async of(endpoint: Endpoint): Promise<Dispatcher> {
    return this.#dispatcher(await this.#settingsOf(endpoint), ANYWHERE)
  }

  /**
   * Connections to where an endpoint leads: by a redirect, as its token server, for an upload, for a layer of somebody
   * else. Nobody leads nearer to this machine than they are themselves, by an address or by a name that stands for one.
   *
   * @throws PrivateAddressError
   */
  async elsewhere(endpoint: Endpoint, { hostname, host }: URL): Promise<Dispatcher> {
    const { base } = endpoint
    const known = this.#nearness.get(base.hostname) ?? lookUpNearness(base.hostname)
    this.#nearness.set(base.hostname, known)
    const allowed = await known
    if (nearnessOf(hostname) > allowed) throw new PrivateAddressError(host)
    return this.#dispatcher(await this.#settingsOf(endpoint), allowed)
  }

  async destroy(reason: Error): Promise<void> {
    this.#ending.abort(reason)
    for (const dispatchers of this.#dispatchers.values()) {
      for (const dispatcher of dispatchers.values()) await dispatcher.destroy(reason)
    }
  }

  async #settingsOf({ base, settings }: Endpoint): Promise<HostSettings> {
    const isSecure = base.protocol === 'https:'
    const found = isSecure && !hasAny(settings) ? await this.#findSettings(base.host) : undefined
    const wanted = found ?? settings
    return hasAny(wanted) ? wanted : NO_SETTINGS
  }

  #dispatcher(settings: HostSettings, allowed: Nearness): Dispatcher {
    const dispatchers = this.#dispatchers.get(settings) ?? new Map<Nearness, Dispatcher>()
    this.#dispatchers.set(settings, dispatchers)
    const dispatcher = dispatchers.get(allowed) ?? this.#create(settings, allowed)
    dispatchers.set(allowed, dispatcher)
    return dispatcher
  }

  #create(settings: HostSettings, allowed: Nearness): Dispatcher {
    const { ca = [], clients = [], proxies, ...options } = this.#options
    const transport = {
      ...options,
      ca: [...ca, ...(settings.ca ?? [])],
      clients: [...clients, ...(settings.clients ?? [])],
      proxies: settings.proxy ? { http: settings.proxy, https: settings.proxy } : proxies,
      ...(settings.skipVerify !== undefined && { skipVerify: settings.skipVerify }),
    }
    return createDispatcher(transport, {
      connectTimeout: settings.connectTimeout ?? this.#connectTimeout,
      signal: this.#ending.signal,
      ...(allowed !== ANYWHERE && { lookup: guardedLookup(allowed) }),
    })
  }
}

/** Whoever the user names may be anywhere. */
const ANYWHERE: Nearness = 2
const NO_SETTINGS: HostSettings = {}

function hasAny(settings: HostSettings | undefined): settings is HostSettings {
  return settings !== undefined && Object.keys(settings).length > 0
}
