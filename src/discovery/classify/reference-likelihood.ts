import { findReference } from '../../oci/reference.ts'

/** How much a text looks like an image reference, apart from where it stands. */
export type Likelihood =
  /** Nothing but a reference looks so: a digest, or a registry with a path and a version. */
  | 'strong'
  /** `org/app:1.2`, `quay.io/org/app`, `redis:7.2`. */
  | 'medium'
  /** `busybox`, `org/app`: a reference only where one is expected. */
  | 'weak'
  | 'none'

/** Hosts that serve images and little else, by what they are called. */
const REGISTRY_HOST =
  /^(?:(?:.*\.)?(?:docker\.io|quay\.io|gcr\.io|ghcr\.io|k8s\.io|pkg\.dev|azurecr\.io|mcr\.microsoft\.com|nvcr\.io|icr\.io|cgr\.dev|ocir\.io|redhat\.(?:com|io)|jfrog\.io|crossplane\.io|upbound\.io|gitlab\.com)|.*\.ecr(?:-fips)?\..*|public\.ecr\.aws|(?:.*\.)?(?:registry|harbor|docker|cr|dockerhub|nexus|artifactory|mirror)[.-].*|localhost)(?::\d+)?$/

/** Hosts whose names stand before paths that are no repositories: source code, documentation. */
const OTHER_HOST = /^(?:www\..*|(?:.*\.)?(?:github\.com|githubusercontent\.com|golang\.org|gopkg\.in|bitbucket\.org))$/

/** Label and API prefixes, which look like a host with a path: `node-role.kubernetes.io/master:NoSchedule`. */
const API_HOST = /(?:^|\.)(?:kubernetes\.io|[a-z-]+\.k8s\.io|x-k8s\.io)$/

const VERSION = /^v?\d[a-z0-9]*(?:[._-][a-z0-9]+)*$/i
const PORT = /^\d{2,5}$/
const FILE =
  /\.(?:png|svg|jpe?g|gif|ico|html?|js|css|ya?ml|json|sh|py|go|md|txt|conf|qcow2|iso|img|vmdk|ova|tar|t?gz|zip|xz|pem|crt|key|sock|log|so)$/i
/** What image fields hold instead of an image: switches, and names of operating systems in cloud APIs. */
const NO_IMAGE = new Set(
  'auto default none null true false yes no on off custom inherit latest image string always never enabled disabled allowed'.split(
    ' ',
  ),
)

/** What docker.io/library has; a bare word that is none of these is completed somewhere else, or no image. */
const OFFICIAL: ReadonlySet<string> = new Set(
  `adminer almalinux alpine amazoncorretto amazonlinux archlinux bash buildpack-deps busybox caddy cassandra centos chronograf
  clojure consul couchbase couchdb crate debian docker drupal eclipse-mosquitto eclipse-temurin elasticsearch elixir erlang
  fedora flink fluentd gcc ghost golang gradle groovy haproxy hello-world httpd influxdb jenkins jetty joomla julia kapacitor
  kibana kong logstash mariadb maven memcached mongo mongo-express mysql nats neo4j nextcloud nginx node odoo openjdk
  oraclelinux orientdb percona perl photon php postgres pypy python r-base rabbitmq redis redmine registry rockylinux ruby
  rust sonarqube spark storm swift telegraf tomcat traefik ubuntu varnish vault wordpress zookeeper`.split(/\s+/),
)

/** Whether a reference is a bare word, and none that Docker Hub has: `image: proxyv2`. */
export function isUnknownWord(reference: string): boolean {
  return !/[/:@]/.test(reference) && !OFFICIAL.has(reference)
}

/** Whether a text is one of these words alone. */
export function isOfficialWord(text: string): boolean {
  return OFFICIAL.has(text)
}

/** Whether a text is one of these words with a version: `redis:7`. */
export function isOfficial(text: string): boolean {
  const [word = '', version] = text.split(':')
  return version !== undefined && OFFICIAL.has(word)
}

const MAX_LENGTH = 512

/** How much a text looks like a reference. */
export function likelihoodOf(text: string): Likelihood {
  if (text.length < 2 || text.length > MAX_LENGTH || !/^[\w[]/.test(text) || FILE.test(text)) return 'none'
  const reference = findReference(text)
  if (!reference?.domain) return 'none'
  const { domain, path, tag, digest } = reference
  if (!/[a-z]/.test(path) || NO_IMAGE.has(text) || /^projects\/[^/]+\/global\//.test(text)) return 'none'
  const hasDomain = text.startsWith(`${domain}/`) && isHost(domain)
  if (digest) return 'strong'
  if (hasDomain && (OTHER_HOST.test(domain) || (API_HOST.test(domain) && !domain.startsWith('registry.')))) {
    return tag ? 'weak' : 'none'
  }
  return gradeOf(text, hasDomain, domain, tag)
}

function gradeOf(text: string, hasDomain: boolean, domain: string, tag: string | undefined): Likelihood {
  if (tag === undefined)
    return hasDomain && (REGISTRY_HOST.test(domain) || text.split('/').length > 2) ? 'medium' : 'weak'
  if (hasDomain && REGISTRY_HOST.test(domain)) return 'strong'
  const isVersion = VERSION.test(tag) && !PORT.test(tag)
  if (hasDomain) return isVersion || tag === 'latest' ? 'strong' : 'medium'
  if (isVersion && (text.includes('/') || /\d\.\d|^v\d/.test(tag))) return 'medium'
  return text.includes('/') && !PORT.test(tag) ? 'medium' : 'weak'
}

/** Whether a text ends in a tag or a digest, as a reference does: behind its last `/`. */
export function hasVersion(text: string): boolean {
  const last = text.lastIndexOf('/') + 1
  return text.indexOf(':', last) >= 0 || text.indexOf('@', last) >= 0
}

/** A first component that is surely a host: it has a dot and ends in letters, or has a port. */
function isHost(domain: string): boolean {
  return domain === 'localhost' || /:\d+$/.test(domain) || /\.[a-z]{2,}$/i.test(domain) || /^[\d.]+$/.test(domain)
}
