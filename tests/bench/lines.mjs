// What every peer program in Node speaks: one order a line on standard input, one answer a line on standard output.
//   make FILE      stores each line of the file as a record, written when answered; answers {first}, by which the first of them is known to both
//   open           loads what an application needs before it can exchange
//   listen         waits for the other computer; answers {port}
//   connect PORT   exchanges with it; answers when each side has told that it has all
//   hold COUNT     answers when that many records are written here and can be read
//   edit RECORD VALUE   changes its notes
//   see RECORD VALUE    answers when its notes are that
import { createInterface } from 'node:readline'
import { readFile } from 'node:fs/promises'

export const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds))

// Asks now and then: rarely enough that asking does not count.
export const until = async wanted => {
  while (!(await wanted())) await pause(10)
}

export const records = async file => (await readFile(file, 'utf8')).trimEnd().split('\n').map(line => JSON.parse(line))

export function serve(orders) {
  const answer = async line => {
    const { order, ...rest } = JSON.parse(line)
    const said = await orders[order](rest)
    process.stdout.write(`${JSON.stringify({ order, ...said })}\n`)
  }
  const failed = error => {
    console.error(error)
    process.exit(1)
  }
  createInterface({ input: process.stdin }).on('line', line => void answer(line).catch(failed)).on('close', () => process.exit(0))
  process.on('unhandledRejection', failed)
}
