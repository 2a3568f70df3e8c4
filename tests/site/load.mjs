// load.mjs - people who announce, change, cancel and arrive, and remember what they were told.
//
//	node load.mjs run URL SECONDS WORKERS MEMORY SHELTER…     TOKEN=… in the environment
//	node load.mjs verify URL MEMORY
//
// Each request has an Idempotency-Key and is sent again until it is answered,
// whatever is killed meanwhile: so the memory is exact.  run writes it to the
// file MEMORY; verify asks the site for every part of it.  Both end with a
// line of JSON.
import http from 'node:http'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const [, , mode, url, ...rest] = process.argv
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
const nap = ms => new Promise(done => setTimeout(done, ms))
const any = list => list[Math.floor(Math.random() * list.length)]
const upTo = n => 1 + Math.floor(Math.random() * n)

function once(method, path, body, headers = {}, localAddress) {
	return new Promise((done, fail) => {
		const options = { method, agent: localAddress ? undefined : agent, localAddress, timeout: 5000 }
		const rq = http.request(url + path, { ...options, headers: { 'Content-Type': 'application/json', ...headers } }, rs => {
			let text = ''
			rs.setEncoding('utf8')
			rs.on('data', part => (text += part))
			rs.on('error', fail)
			rs.on('aborted', () => fail(new Error('cut')))
			rs.on('end', () => done({ status: rs.statusCode, text }))
		})
		rq.on('timeout', () => rq.destroy(new Error('timeout')))
		rq.on('error', fail)
		rq.end(body === undefined ? undefined : JSON.stringify(body))
	})
}

const told = { sent: 0, again: 0, announced: 0, changed: 0, cancelled: 0, arrived: 0, walked: 0, refused: 0, odd: [] }
const memory = { live: {}, gone: [], inside: {} }

async function surely(method, path, body, headers) {
	const key = { 'Idempotency-Key': randomUUID(), ...headers }
	for (const until = Date.now() + 60000; ;) {
		try {
			told.sent++
			const answer = await once(method, path, body, key)
			if (answer.status < 500) return answer
		} catch { /* cut, refused, late: the same as 503 */ }
		if (Date.now() > until) throw new Error(`${method} ${path.slice(0, 12)}… was not answered within a minute`)
		told.again++
		await nap(20 + Math.random() * 30)
	}
}

// What was done is remembered once it was acknowledged.
async function worker(shelters, until, staff) {
	const mine = []
	const odd = (what, answer) => told.odd.push(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
	while (Date.now() < until) {
		const dice = Math.random(), people = upTo(4)
		if (mine.length === 0 || dice < 0.4) {
			const shelter = any(shelters)
			const answer = await surely('POST', '/api/intents', { shelter, people })
			if (answer.status === 409) told.refused++
			else if (answer.status !== 201) odd('announce', answer)
			else {
				const { code } = JSON.parse(answer.text)
				mine.push(code)
				memory.live[code] = { shelter, people }
				told.announced++
			}
			continue
		}
		if (dice < 0.5) {
			const shelter = any(shelters)
			const answer = await surely('POST', '/api/arrivals', { shelter, people }, staff)
			if (answer.status !== 201) odd('walk-in', answer)
			else memory.inside[shelter] = (memory.inside[shelter] ?? 0) + people, told.walked++
			continue
		}
		const at = Math.floor(Math.random() * mine.length), code = mine[at], is = memory.live[code]
		if (dice < 0.65) {
			const answer = await surely('PATCH', `/api/intents/${code}`, { people })
			if (answer.status === 409) told.refused++
			else if (answer.status !== 200) odd('change', answer)
			else is.people = people, told.changed++
			continue
		}
		mine.splice(at, 1)
		const cancels = dice < 0.85
		const answer = cancels ? await surely('DELETE', `/api/intents/${code}`)
			: await surely('POST', '/api/arrivals', { intent: code, people }, staff)
		if (answer.status !== (cancels ? 204 : 201)) {
			odd(cancels ? 'cancel' : 'arrive', answer)
			continue
		}
		delete memory.live[code]
		memory.gone.push(code)
		if (cancels) told.cancelled++
		else memory.inside[is.shelter] = (memory.inside[is.shelter] ?? 0) + people, told.arrived++
	}
}

async function run([seconds, workers, file, ...shelters]) {
	const until = Date.now() + seconds * 1000
	const staff = { Authorization: `Bearer ${process.env.TOKEN}` }
	await Promise.all(Array.from({ length: +workers }, () => worker(shelters, until, staff)))
	writeFileSync(file, JSON.stringify(memory))
	return { ...told, live: Object.keys(memory.live).length }
}

// Wrong codes are counted by address: thirty a minute, then another asks.
async function verify([file]) {
	const { live, gone, inside } = JSON.parse(readFileSync(file))
	const found = { live: 0, lost: [], changed: [], gone: 0, back: [], numbers: [] }
	const codes = Object.keys(live), expected = {}
	await Promise.all(Array.from({ length: 16 }, async () => {
		for (let code; (code = codes.pop());) {
			const { status, text } = await once('GET', `/api/intents/${code}`)
			if (status !== 200) found.lost.push(`${code} ${status}`)
			else if (JSON.parse(text).people !== live[code].people) found.changed.push(code)
			else found.live++
		}
	}))
	for (const [at, code] of gone.slice(-4000).entries()) {
		const hundred = Math.floor(at / 25)
		const { status } = await once('GET', `/api/intents/${code}`, undefined, {}, `127.9.${Math.floor(hundred / 250)}.${1 + hundred % 250}`)
		if (status === 404) found.gone++
		else found.back.push(`${code} ${status}`)
	}
	for (const { shelter, people } of Object.values(live)) expected[shelter] = (expected[shelter] ?? 0) + people
	for (const shelter of new Set([...Object.keys(inside), ...Object.keys(expected)])) {
		const is = JSON.parse((await once('GET', `/api/shelters/${shelter}?${randomUUID()}`)).text)
		if (is.occupancy !== (inside[shelter] ?? 0) || is.expected !== (expected[shelter] ?? 0))
			found.numbers.push(`${shelter}: ${is.occupancy} inside, ${is.expected} expected; told ${inside[shelter] ?? 0}, ${expected[shelter] ?? 0}`)
	}
	return found
}

console.log(JSON.stringify(await (mode === 'run' ? run : verify)(rest)))
process.exit(0)
