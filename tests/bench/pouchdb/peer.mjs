// One computer with PouchDB: LevelDB on the disk, CouchDB’s protocol over HTTP on loopback. See ../lines.mjs.
import express from 'express'
import expressPouch from 'express-pouchdb'
import PouchDB from 'pouchdb'
import { records, serve, until } from '../lines.mjs'

const [folder] = process.argv.slice(2)
const Stored = PouchDB.defaults({ prefix: `${folder}/` })
const local = new Stored('contacts')
const id = number => `contact-${String(number).padStart(7, '0')}`

const noted = async (record, value) => (await local.get(record)).notes === value

async function shows(record, value) {
  if (await noted(record, value)) return
  await new Promise(done => {
    const changes = local.changes({ since: 'now', live: true, include_docs: true, doc_ids: [record] })
    const seen = here => here && (changes.cancel(), done())
    changes.on('change', ({ doc }) => seen(doc.notes === value))
    // It may have come before the feed began.
    void noted(record, value).then(seen)
  })
}

serve({
  async make({ file }) {
    const made = await records(file)
    for (let at = 0; at < made.length; at += 1000) {
      await local.bulkDocs(made.slice(at, at + 1000).map(record => ({ _id: id(record.number), ...record })))
    }
    return { first: id(made[0].number) }
  },
  async open() {
    await local.info()
  },
  listen() {
    const app = express()
    app.use('/', expressPouch(Stored, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: `${folder}/server.log` }))
    return new Promise(done => {
      const server = app.listen(0, '127.0.0.1', () => done({ port: server.address().port }))
    })
  },
  async connect({ port }) {
    const remote = new PouchDB(`http://127.0.0.1:${port}/contacts`)
    await local.sync(remote, { batch_size: 1000 })
    // From now on changes go as they are made.
    local.sync(remote, { live: true, retry: true })
  },
  async hold({ count }) {
    await until(async () => (await local.info()).doc_count >= count)
  },
  async edit({ record, value }) {
    await local.put({ ...(await local.get(record)), notes: value })
  },
  async see({ record, value }) {
    await shows(record, value)
  },
})
