// What a command does not use is not loaded, although the modules that it is made of name it.

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
