import { renderYaml } from '../documents/render.ts'

/** Where nodes find what they would pull from elsewhere. */
interface Mirror {
  /** `https://10.0.0.5:5000` */
  readonly url: string
  readonly needsCa?: boolean
  readonly needsPassword?: boolean
}

/**
 * An ImageDigestMirrorSet and an ImageTagMirrorSet that make OpenShift's nodes ask a mirror first, with each upstream in a
 * path of its own: the one counts for images by digest, the other for those by tag.
 * Source: openshift/api, config/v1, ImageDigestMirrorSet and ImageTagMirrorSet.
 */
export function mirrorSets({ url, needsCa, needsPassword }: Mirror, domains: readonly string[]): string {
  const { host, protocol, pathname } = new URL(url)
  const root = `${host}${pathname.replace(/\/+$/, '')}`
  const mirrors = domains.map((domain) => ({
    source: domain,
    mirrors: [`${root}/${domain.replace(':', '_')}`],
  }))
  const apiVersion = 'config.openshift.io/v1'
  const metadata = { name: 'nodeseed' }
  const image = 'image.config.openshift.io/cluster'
  const comment = [
    'Apply it with oc apply -f; the machine config operator takes it to every node, pool by pool: oc get mcp.',
    protocol === 'http:' && `It is plain HTTP: add ${host} to spec.registrySources.insecureRegistries of ${image}.`,
    needsCa &&
      `Its certificate: a ConfigMap of openshift-config with the key ${host.replace(':', '..')}, named in spec.additionalTrustedCA of ${image}.`,
    needsPassword && `Its password: in the Secret pull-secret of openshift-config, as that of ${host}.`,
  ]
  return renderYaml(comment.filter(Boolean).join('\n'), [
    { apiVersion, kind: 'ImageDigestMirrorSet', metadata, spec: { imageDigestMirrors: mirrors } },
    { apiVersion, kind: 'ImageTagMirrorSet', metadata, spec: { imageTagMirrors: mirrors } },
  ])
}
