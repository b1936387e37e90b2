import { type Finding, finding } from '../../finding.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import type { EditedPlace } from './patch-bodies.ts'

/** Of the plugin that Helm 4 takes the post-renderer from. */
const PLUGIN_NAME = 'nodeseed-patch'
const SCRIPT = 'post-render.sh'

const SCRIPT_TEXT = `#!/bin/sh
# Gives what helm renders the patches beside this file. Helm 3: --post-renderer DIR/${SCRIPT}
# Helm 4: helm plugin install DIR, then --post-renderer ${PLUGIN_NAME}
# It needs kubectl (KUBECTL names another), and fails where a workload is not there that the patches are for.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/patches"
cp -- "$here"/*.yaml "$work/patches/"
rm -f -- "$work/patches/plugin.yaml"
cat >"$work/rendered.yaml"
printf 'resources: [rendered.yaml]\ncomponents: [patches]\n' >"$work/kustomization.yaml"
"\${KUBECTL:-kubectl}" kustomize "$work"
`

/**
 * What makes a post-renderer of a component: a script for Helm 3, and the plugin that Helm 4 wants instead of a path.
 * Source: helm.sh/docs/plugins, postrenderer/v1 with the subprocess runtime.
 */
export function postRenderer(): GeneratedFile[] {
  const plugin = {
    ...{ apiVersion: 'v1', type: 'postrenderer/v1', name: PLUGIN_NAME, version: '0.1.0', runtime: 'subprocess' },
    runtimeConfig: { platformCommand: [{ command: `\${HELM_PLUGIN_DIR}/${SCRIPT}` }] },
  }
  const comment = `Helm 4 takes the post-renderer from here: helm plugin install DIR, then --post-renderer ${PLUGIN_NAME}`
  return [
    { path: SCRIPT, content: SCRIPT_TEXT, executable: true },
    { path: 'plugin.yaml', content: renderYaml(comment, [plugin]) },
  ]
}

/** Hooks of a chart, which Helm 3 does not show to post-renderers. */
export function hookFindings(places: readonly EditedPlace[]): Finding[] {
  const hooks = places.filter(({ place: { resource } }) => isHook(resource.value))
  return hooks.map(({ place: { resource } }) => {
    const subject = nameOfResource(resource)
    const { file, line } = resource.document
    const message = `${subject}: a hook of the chart, which Helm 3 does not hand to a post-renderer`
    const hint = "Set its image, pull policy and nodeSelector by the chart's values, or use Helm 4."
    return finding('NOT_PATCHABLE', message, { hint, subject, file, line })
  })
}

export function isHook(resource: unknown): boolean {
  return typeof valueAt(resource, ['metadata', 'annotations', 'helm.sh/hook']) === 'string'
}
