// What a command does not use is not loaded, although the modules that it is made of name it.
import { join } from 'node:path'

/** Packages that oclif needs where it looks for commands and plugins in directories, and its check of Node's version. */
const UNUSED = new Set(['lilconfig', 'minimatch', 'semver', 'tinyglobby', 'typescript'])
const OCLIF = '/node_modules/@oclif/core/lib/'

/** Leaves out what oclif cannot come to here. */
export function withoutUnused(root) {
  return {
    name: 'without-unused',
    resolveId(id, importer) {
      if (!importer?.includes(OCLIF)) return null
      if (id === 'wsl-utils') return '\0wsl'
      return UNUSED.has(id) ? `\0unused:${id}` : null
    },
    load(id) {
      // The rest of wsl-utils asks PowerShell for the shell of Windows.
      if (id === '\0wsl') return `export { default as isWsl } from '${root}/node_modules/is-wsl/index.js'`
      const [, name] = id.split('\0unused:')
      return name ? `throw new Error('${name} is not in this program')\nmodule.exports = {}` : null
    },
  }
}

/** Of undici what we use: its door loads fetch, mocks, caches and web sockets too, longer than the rest of a start. */
export function ownUndici(root) {
  const lib = join(root, 'node_modules/undici/lib')
  const names = { Agent: 'dispatcher/agent', Pool: 'dispatcher/pool', ProxyAgent: 'dispatcher/proxy-agent' }
  const exported = Object.entries({ ...names, buildConnector: 'core/connect' })
  return {
    name: 'own-undici',
    resolveId: (id, importer) => (id === 'undici' && importer?.startsWith(join(root, 'src/')) ? '\0undici' : null),
    load(id) {
      // Connections are made with `allowH2: false`.
      if (id === `${lib}/dispatcher/client-h2.js`) return 'module.exports = undefined'
      if (id !== '\0undici') return null
      return [
        `import Dispatcher from '${lib}/dispatcher/dispatcher.js'`,
        `import api from '${lib}/api/index.js'`,
        'Object.assign(Dispatcher.prototype, api)',
        ...exported.map(([name, file]) => `export { default as ${name} } from '${lib}/${file}.js'`),
      ].join('\n')
    },
  }
}

/**
 * oclif loads all of itself and of its dependencies at once; so each is loaded when it is used. Its commands are not: they
 * listen to standard output from the start, and so do we, after them.
 */
export function lazyOclif() {
  const REQUIRE =
    /^(?:const|var) (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("(?!\.\/command")[^"]+"\)\)?);$/gm
  return {
    name: 'lazy-oclif',
    transform: {
      filter: { id: /\/node_modules\/@oclif\/core\/lib\/.*\.js$/ },
      handler: (code) => whenUsed(code, REQUIRE),
    },
  }
}

/** Node's own modules, too: some of them take longer than the rest of a start. */
export function lazyBuiltins() {
  const REQUIRE = /^let (node_\w+) = (require\("node:[\w/]+"\));$/gm
  return { name: 'lazy-builtins', renderChunk: (code) => ({ code: whenUsed(code, REQUIRE), map: null }) }
}

/** Puts what loads a module into each place that uses it, unless its name is assigned to later on. */
function whenUsed(code, require) {
  const loads = []
  const rest = code.replaceAll(require, (line, name, load) => {
    if (code.includes(`\n${name} = `)) return line
    loads.push([name, load])
    return `let ${name};`
  })
  return loads.reduce(
    (text, [name, load]) => text.replaceAll(new RegExp(`(?<![\\w.$])${name}\\.`, 'g'), `(${name} ??= ${load}).`),
    rest,
  )
}

/** A text beyond ASCII is kept at two bytes a letter, and read letter by letter at each start of the single executable. */
export function asciiOnly() {
  return {
    name: 'ascii-only',
    // Not renderChunk: what comes of that is printed anew.
    generateBundle(_, files) {
      for (const file of Object.values(files)) {
        const [raw] = /String\.raw`[^`]*[^\0-\x7f]|(?<!\\)(?:\\\\)*\\[^\0-\x7f]/.exec(file.code) ?? []
        if (raw) throw new Error(`${raw}: would be another text in ASCII`)
        file.code = file.code.replaceAll(/[^\0-\x7f]/g, escaped)
      }
    },
  }
}

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
