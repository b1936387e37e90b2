/** Programs that are handed images, as other programs call them. */
const CALLED =
  '(?:docker|podman|nerdctl|crictl|ctr|skopeo|crane|oras|regctl|imgpkg|buildah|kind|minikube|k3d|helm|kubectl|oc|sudo)'
const MAY_CALL = new RegExp(
  `["']${CALLED}["']\\s*,|%w\\W${CALLED}\\s|(?:image|container|docker|podman|client)s?\\.(?:pull|run|create)\\(|\\bf["']|["']\\s*[+.]\\s|\\.format\\(|#\\{`,
  'i',
)

/** A text in quotes, without quotes inside. */
const QUOTED = `(?:[bru]{0,2}"[^"\\n]{0,512}"|[bru]{0,2}'[^'\\n]{0,512}'|\`[^\`\\n]{0,512}\`)`
/** A name, with what is asked of it. */
const NAME = '(?<![\\w$.])[$@]?[A-Za-z_][\\w.]{0,99}(?:\\([^()\\n]{0,99}\\)|\\[[^\\][\\n]{0,99}\\]){0,2}'
const OPERAND = `(?:${QUOTED}|${NAME})`

/** `["docker", "pull", image]`, `system("docker", "pull", image)`, `execFile('docker', ['pull', image])`. */
const LISTED = new RegExp(`["'](?=${CALLED}["'])(\\w+)["']((?:\\s{0,99},\\s{0,99}\\[?\\s{0,99}${OPERAND}){1,64})`, 'g')
/** `%w[docker pull ref]` */
const WORDS = new RegExp(`%w([[({<])(${CALLED}\\s[^\\])}>\\n]{1,512})[\\])}>]`, 'g')
/** `client.images.pull("ref", tag="1")`, `docker.containers.run('ref')`, `docker.pull(image)`. */
const CALL = new RegExp(
  `\\b(?:\\w{1,60}\\.){0,4}(?:images?|containers?|docker|podman|client)\\.(pull|run|create)\\(\\s{0,99}(?:(?:image|repository)\\s{0,9}=\\s{0,9})?(${OPERAND})(?!\\s{0,9}=>)(?:\\s{0,99},\\s{0,99}tag\\s{0,9}=\\s{0,9}(${OPERAND}))?`,
  'gi',
)
/** `f"{registry}/web:{tag}"` */
const FORMATTED = /\b[rb]?f[rb]?("[^"\n]{0,512}"|'[^'\n]{0,512}')/g
/** `"{}/web:{}".format(registry, tag)` */
const FORMAT = /("[^"\n]{0,512}"|'[^'\n]{0,512}')\.format\(/g
const FIELD = /\{([^{}\n]{0,99})\}/g
/** `#{ENV['REGISTRY']}/web:1` */
const RUBY = /#\{([^{}\n]{0,99})\}/g
/** `registry + "/web:" + tag` */
const JOINED = new RegExp(`${OPERAND}(?:\\s{0,9}\\+\\s{0,9}${OPERAND}){1,16}`, 'g')

/** `for name in ["web", "api"]:` */
const LOOP = new RegExp(
  `\\bfor\\s+(\\w{1,60})\\s+in\\s+[[(]\\s{0,99}((?:${QUOTED}[\\s,]{0,99}){1,64})[\\])]\\s{0,9}:`,
  'g',
)

/** `registry = "registry.example.com"` */
const SET =
  /^([ \t]{0,99})(?:(?:const|let|var|my)[ \t]{1,9})?\$?([A-Za-z_]\w{0,60})[ \t]{1,9}=[ \t]{1,9}("[^"\n]{0,512}"|'[^'\n]{0,512}')[ \t]{0,9};?[ \t]{0,9}$/gm

/** Beyond this a text is data. */
const MAX_TEXT = 1_000_000

/**
 * A text in which programs of Python, Ruby, Perl or JavaScript call others, with these calls written as a shell has them and
 * with what they put into texts as `${name}`; line for line. Nothing else in it is understood.
 */
export function withShellCalls(text: string): string {
  if (text.length > MAX_TEXT || !MAY_CALL.test(text)) return text
  return text
    .replace(FORMATTED, (_, quoted: string) => quoted.replace(FIELD, (_, name: string) => variable(name)))
    .replace(FORMAT, (_, quoted: string) => `${quoted.replace(FIELD, (_, name: string) => variable(name))}(`)
    .replace(RUBY, (_, name: string) => variable(name))
    .replace(JOINED, joined)
    .replace(SET, '$1$2=$3')
    .replace(WORDS, (whole, _: string, words: string) => asCommand(words, whole))
    .replace(LOOP, (whole: string, name: string, items: string) => {
      const words = Array.from(items.matchAll(EACH), ([operand]) => word(operand))
      return `for ${name} in ${words.join(' ')}; do ${newlinesOf(whole)}`
    })
    .replace(LISTED, (whole: string, program: string, others: string) => {
      const words = Array.from(others.matchAll(EACH), ([operand]) => word(operand))
      return asCommand([program, ...words].join(' '), whole)
    })
    .replace(CALL, (whole: string, verb: string, image: string, tag?: string) => {
      const command = verb === 'pull' ? 'docker pull' : 'docker run'
      return asCommand(`${command} ${word(image)}${tag === undefined ? '' : `:${word(tag)}`}`, whole)
    })
}

const EACH = new RegExp(OPERAND, 'g')

/** A text of several parts in one, unless it is about no path: `"a" + b` is `"a${b}"`. */
function joined(whole: string): string {
  const parts = whole.match(EACH) ?? []
  const text = parts.map((part) => (isQuoted(part) ? unquoted(part) : variable(part))).join('')
  return /[/:]/.test(text) && parts.some(isQuoted) && !/\s/.test(text) ? `"${text}"` : whole
}

function isQuoted(operand: string): boolean {
  return /["'`]$/.test(operand)
}

function word(operand: string): string {
  if (!isQuoted(operand)) return variable(operand)
  const text = unquoted(operand)
  return /[\s;&|]/.test(text) || text === '' ? `"${text}"` : text
}

function unquoted(operand: string): string {
  return operand.replace(/^[bru]*["'`]|["'`]$/gi, '')
}

/** What stands for the value of an expression: its last name. */
function variable(expression: string): string {
  const name = expression.match(/[A-Za-z_]\w{0,63}/g)?.at(-1)
  return `\${${name ?? '_'}}`
}

/** What stands before a command must not look like the begin of a comment. */
function asCommand(command: string, whole: string): string {
  return `: ;${command};${newlinesOf(whole)}`
}

function newlinesOf(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1)
}
