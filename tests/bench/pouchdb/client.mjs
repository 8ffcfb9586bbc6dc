// Makes contacts, replicates them to the server, and reconnects with ten differences on each side. Prints seconds as JSON.
import PouchDB from 'pouchdb'

const [folder, port, count] = [process.argv[2], process.argv[3], Number(process.argv[4])]
const local = new PouchDB(`${folder}/contacts`)
const remote = new PouchDB(`http://127.0.0.1:${port}/contacts`)

const contact = n => ({
  _id: `contact-${String(n).padStart(7, '0')}`,
  name: `Person ${n}`,
  emails: [{ label: 'work', value: `person${n}@harbour.example` }],
  phones: [{ label: 'mobile', value: `+44 7700 ${String(n).padStart(6, '0')}` }],
  notes: `Met at the harbour, table ${n}. Wants to hear about the spring meeting.`,
})

async function seconds(work) {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

const made = await seconds(async () => {
  for (let at = 0; at < count; at += 1000) {
    await local.bulkDocs(Array.from({ length: Math.min(1000, count - at) }, (_, n) => contact(at + n)))
  }
})
await remote.info()
const first = await seconds(() => local.replicate.to(remote, { batch_size: 1000 }))
await local.bulkDocs(Array.from({ length: 10 }, (_, n) => contact(count + n)))
await remote.bulkDocs(Array.from({ length: 10 }, (_, n) => contact(2 * count + n)))
const reconnect = await seconds(() => local.sync(remote, { batch_size: 1000 }))
const held = (await local.info()).doc_count
if (held !== count + 20) throw new Error(`${held} documents, not ${count + 20}`)
console.log(JSON.stringify({ made, first, reconnect }))
await local.close()
process.exit(0)
