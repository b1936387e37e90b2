/** `--color` decides before anything is loaded that asks the environment for colours. What is wrong with it is said later. */
const words = process.argv.slice(2)
const end = words.indexOf('--')
const before = end < 0 ? words : words.slice(0, end)
const at = before.findLastIndex((word) => word === '--color' || word.startsWith('--color='))
const choice = before[at] === '--color' ? before[at + 1] : before[at]?.slice('--color='.length)

if (choice === 'never') {
  delete process.env.FORCE_COLOR
  process.env.NO_COLOR = '1'
} else if (choice === 'always') {
  delete process.env.NO_COLOR
  process.env.FORCE_COLOR = '1'
}
