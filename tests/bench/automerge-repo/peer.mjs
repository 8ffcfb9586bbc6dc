// One computer with automerge-repo: one document a record, files on the disk, WebSockets on loopback. See ../lines.mjs.
import { Repo } from '@automerge/automerge-repo'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { WebSocketServer } from 'ws'
import { records, serve, until } from '../lines.mjs'

const [folder] = process.argv.slice(2)
const index = `${folder}/records.json`
const repo = new Repo({ storage: new NodeFSStorageAdapter(`${folder}/documents`), network: [] })
// The library does not tell which documents there are; an application keeps that.
const known = new Set()

const ready = () => Object.values(repo.handles).filter(handle => handle.isReady())

function remember() {
  for (const handle of ready()) known.add(handle.documentId)
  writeFileSync(index, JSON.stringify([...known]))
}

function confirmed(handle) {
  const [peer] = repo.peers
  const theirs = peer && handle.getSyncInfo(repo.getStorageIdOfPeer(peer))?.lastHeads
  return theirs && JSON.stringify(theirs) === JSON.stringify(handle.heads())
}

serve({
  async make({ file }) {
    const made = (await records(file)).map(record => repo.create(record).documentId)
    await repo.flush(made)
    remember()
    return { first: made[0] }
  },
  async open() {
    const held = existsSync(index) ? JSON.parse(readFileSync(index, 'utf8')) : []
    await Promise.all(held.map(document => repo.find(document)))
    held.forEach(document => known.add(document))
  },
  async listen() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await until(() => server.address())
    repo.networkSubsystem.addNetworkAdapter(new WebSocketServerAdapter(server))
    return { port: server.address().port }
  },
  async connect({ port }) {
    repo.networkSubsystem.addNetworkAdapter(new WebSocketClientAdapter(`ws://127.0.0.1:${port}`))
    const open = new Set(Object.values(repo.handles))
    for (const handle of open) {
      const look = () => confirmed(handle) && open.delete(handle)
      handle.on('remote-heads', look)
      handle.on('heads-changed', look)
    }
    await until(() => open.size === 0)
  },
  async hold({ count }) {
    await until(() => ready().length >= count)
    // Those from the network are written after a pause otherwise.
    await repo.flush(ready().map(handle => handle.documentId).filter(document => !known.has(document)))
    remember()
  },
  async edit({ record, value }) {
    repo.handles[record].change(contents => (contents.notes = value))
  },
  async see({ record, value }) {
    const seen = repo.handles[record]
    if (seen.doc().notes === value) return
    await new Promise(done => {
      const changed = ({ doc }) => doc.notes === value && (seen.off('change', changed), done())
      seen.on('change', changed)
    })
  },
})
