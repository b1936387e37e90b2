import { isImageList } from '../../discovery/classify/listed-lines.ts'
import type { InputDocument } from '../../discovery/input-document.ts'
import { KUBEADM_REPOSITORY, kubeadmImages } from '../../discovery/kubeadm/kubeadm-images.ts'
import { kubernetesVersion, lastPatchOf } from '../../discovery/kubeadm/kubeadm-versions.ts'
import { pauseTags } from '../../discovery/kubeadm/pause-tags.ts'
import { ExpectedError } from '../../errors.ts'
import { finding } from '../../finding.ts'
import { nameOf, readText } from '../texts/read-text.ts'

/** Where each distribution publishes the list of its images. */
const LISTS: Readonly<Record<string, string>> = {
  k3s: 'https://github.com/k3s-io/k3s/releases/download/VERSION/k3s-images.txt',
  rke2: 'https://github.com/rancher/rke2/releases/download/VERSION/rke2-images-all.linux-amd64.txt',
  k0s: 'the output of: k0s airgap list-images --all',
}

const DISTRIBUTION = /^(kubeadm|k3s|rke2|k0s)@(v?\d[\w.+-]*)(?:=(.+))?$/

/**
 * The images of a distribution of Kubernetes: `kubeadm@1.34.1` by its version, `k3s@v1.34.1+k3s1=FILE` by the list that it
 * publishes: a file, `-`, or an address where `allowRemote` is given.
 *
 * @throws {ExpectedError} USAGE; INPUT_INVALID for what is no list; what reading throws.
 */
export async function readDistribution(text: string, allowRemote: boolean): Promise<InputDocument[]> {
  const [, name, version = '', from] = DISTRIBUTION.exec(text) ?? []
  if (name === undefined) {
    throw new ExpectedError('USAGE', `not a distribution and its version: ${JSON.stringify(text)}`, {
      hint: 'Give it as --distro kubeadm@1.34.1, or --distro k3s@v1.34.1+k3s1=k3s-images.txt (also rke2, k0s).',
    })
  }
  if (from !== undefined) return readList({ name, version, from }, allowRemote)
  if (name === 'kubeadm') return kubeadmList(version)
  const list = LISTS[name]?.replace('VERSION', encodeURIComponent(version))
  throw new ExpectedError('USAGE', `${name}@${version}: the list of its images is not here`, {
    hint: `Name it behind an equals sign: --distro ${name}@${version}=FILE; it is ${list}`,
  })
}

function kubeadmList(text: string): InputDocument[] {
  const asked = kubernetesVersion(text)
  const last = asked && lastPatchOf(asked.minor)
  if (!asked || (asked.patch === undefined && last === undefined)) {
    throw new ExpectedError('INPUT_INVALID', `kubeadm@${text}: what that version takes is not known here`, {
      hint: 'Give the exact version, such as kubeadm@1.34.1; or name the output of: kubeadm config images list',
    })
  }
  const exact = asked.patch === undefined ? kubernetesVersion(`${asked.text}.${last}`) : asked
  const version = exact ?? asked
  const { images, unsure } = kubeadmImages(version)
  const file = `kubeadm@${version.text}`
  const pauses = pauseTags(version.minor).map((tag) => `${KUBEADM_REPOSITORY}/pause:${tag}`)
  return [
    { form: 'list', file, line: 1, text: [...new Set([...images, ...pauses])].join('\n') },
    ...(version === asked ? [] : [doubt(file, `kubeadm@${text} is taken as ${version.text}, the newest known here`)]),
    ...(unsure
      ? [doubt(file, `${unsure.what} ${unsure.instead ? `are not known; ${unsure.instead}` : 'are not known'}`)]
      : []),
  ]
}

async function readList(
  { name, version, from }: { name: string; version: string; from: string },
  allowRemote: boolean,
): Promise<InputDocument[]> {
  const url = /^https?:\/\//.test(from) && URL.canParse(from) ? new URL(from) : undefined
  if (url && !allowRemote) {
    throw new ExpectedError('USAGE', `${from}: is elsewhere, and nothing is asked for without --allow-remote`, {
      hint: 'Add --allow-remote; or download the list by other means, and name the file.',
    })
  }
  const text = url ? await readRemote(url) : await readText(from)
  const file = url ? url.href : nameOf(from)
  if (!isImageList(text)) {
    throw new ExpectedError('INPUT_INVALID', `${file}: is no list of images, one a line`, {
      hint: `Name the list that ${name} publishes: ${LISTS[name]?.replace('VERSION', encodeURIComponent(version)) ?? 'the output of kubeadm config images list'}`,
    })
  }
  const asked: InputDocument[] = url
    ? [{ form: 'notice', file, finding: finding('REMOTE_ASKED', `asked for ${url.href}`, { file }) }]
    : []
  return [...asked, { form: 'list', file, line: 1, text }, ...doubtsOf(text, { name, version, file })]
}

/** Loaded only where it is needed: what speaks with servers takes as long to load as a small scan. */
async function readRemote(url: URL): Promise<string> {
  const { readRemoteText } = await import('../texts/remote-text.ts')
  return readRemoteText(url)
}

/** What is strange about a list: without a sandbox image no pod starts, and images of another version start no cluster. */
function doubtsOf(
  text: string,
  { name, version, file }: { name: string; version: string; file: string },
): InputDocument[] {
  const release = /^v?(\d+\.\d+\.\d+)/.exec(version)?.[1]
  const lines = text.split('\n')
  const hasPause = lines.some((line) => /(?:^|[/-])pause[:@]/.test(line))
  // k3s is one program, so its images have versions of their own.
  const hasVersion = name === 'k3s' || release === undefined || lines.some((line) => line.includes(release))
  return [
    ...(hasPause ? [] : [doubt(file, `${file}: names no pause image, without which no pod starts`)]),
    ...(hasVersion
      ? []
      : [doubt(file, `${file}: names no image of ${release}: it may be the list of another version`)]),
  ]
}

function doubt(file: string, message: string): InputDocument {
  return { form: 'notice', file, finding: finding('DISTRIBUTION_UNSURE', message, { subject: file, file }) }
}
