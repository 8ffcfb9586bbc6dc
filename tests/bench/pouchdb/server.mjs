// The other computer: a CouchDB-compatible HTTP server on loopback over LevelDB. Prints its port.
import express from 'express'
import expressPouch from 'express-pouchdb'
import PouchDB from 'pouchdb'

const folder = process.argv[2]
const Stored = PouchDB.defaults({ prefix: `${folder}/` })
const app = express()
app.use('/', expressPouch(Stored, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: `${folder}/server.log` }))
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
