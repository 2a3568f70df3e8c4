// sms.mjs - an SMS gateway that speaks Messages.json, and does what the number
// that is written to says: a fake, for no real one may be asked by a test.
//
//	node sms.mjs FILE      prints its port; appends a line of JSON to FILE for each request
//
// The last two digits of To: 01 takes it; 02 takes it and closes the line without
// a word; 03 the same, but with a reset; 04 closes the line and has not taken it;
// 05 has too much to do, once; 06 opted out; 07 takes it and is silent.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { randomBytes } from 'node:crypto'

const messages = [], served = new Map()
const say = (response, status, answer, headers = {}) =>
	response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(answer))

function take(form) {
	const sid = 'SM' + randomBytes(16).toString('hex'), to = form.get('To'), body = form.get('Body')
	messages.unshift({ sid, to, from: form.get('From'), body, status: 'queued', direction: 'outbound-api',
		date_created: new Date().toUTCString().replace('GMT', '+0000'), date_sent: null, error_code: null, error_message: null })
	return messages[0]
}

function post(request, response, form) {
	const to = form.get('To'), n = served.get(to) ?? 0
	served.set(to, n + 1)
	switch (to.slice(-2)) {
	case '02': take(form); return request.socket.end()
	case '03': take(form); return request.socket.resetAndDestroy()
	case '04': return n ? say(response, 201, take(form)) : request.socket.end()
	case '05': return n ? say(response, 201, take(form)) : say(response, 429, { code: 20429, message: 'Too many requests', status: 429 }, { 'Retry-After': '120' })
	case '06': return say(response, 400, { code: 21610, message: 'Attempt to send to unsubscribed recipient', status: 400 })
	case '07': return take(form)
	default: return say(response, 201, take(form))
	}
}

createServer((request, response) => {
	const parts = []
	request.on('data', part => parts.push(part))
	request.on('end', () => {
		const url = new URL(request.url, 'http://gateway'), form = new URLSearchParams(Buffer.concat(parts).toString())
		appendFileSync(process.argv[2], JSON.stringify({ method: request.method, path: url.pathname,
			user: Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString(),
			type: request.headers['content-type'], ...Object.fromEntries(request.method === 'GET' ? url.searchParams : form) }) + '\n')
		if (url.pathname !== '/2010-04-01/Accounts/AC1/Messages.json')
			return say(response, 404, { code: 20404, message: 'not found', status: 404 })
		if (request.method === 'POST')
			return post(request, response, form)
		const to = url.searchParams.get('To')
		say(response, 200, { messages: messages.filter(m => m.to === to).slice(0, Number(url.searchParams.get('PageSize'))), page: 0 })
	})
}).listen(0, '127.0.0.1', function () {
	console.log(this.address().port)
})
