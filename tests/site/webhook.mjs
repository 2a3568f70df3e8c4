// webhook.mjs - a receiver of webhooks that checks each with two independent
// libraries (npm standardwebhooks and svix).
//
//	node webhook.mjs FILE              prints its port; appends a line of JSON to FILE for each request
//	node webhook.mjs --verify SECRET   a line of such a file on standard input: who takes it
//
// PATH /SECRETS/ANSWERS: SECRETS are whsec_… in base64url, with commas, or none;
// ANSWERS are statuses, one a request, the last one repeats: /…/503,200.
import { createRequire } from 'node:module'
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const need = createRequire(process.env.MODULES)
const libraries = { standardwebhooks: need('standardwebhooks').Webhook, svix: need('svix').Webhook }

const served = new Map()
// Which libraries take it with this secret.
function takes(secret, body, headers) {
	return Object.entries(libraries).filter(([, Webhook]) => {
		try {
			new Webhook(secret).verify(body, headers) // or throws
			return true
		} catch {
			return false
		}
	}).map(([name]) => name)
}

if (process.argv[2] === '--verify') {
	const { body, headers } = JSON.parse(readFileSync(0))
	console.log(takes(process.argv[3], Buffer.from(body, 'base64').toString(), headers).join(' '))
	process.exit()
}

createServer((request, response) => {
	const parts = []
	request.on('data', part => parts.push(part))
	request.on('end', () => {
		const body = Buffer.concat(parts), [, secrets, answers] = request.url.split('/')
		const list = answers.split(','), n = served.get(request.url) ?? 0
		const status = Number(list[Math.min(n, list.length - 1)])
		const text = body.toString()
		served.set(request.url, n + 1)
		const verified = secrets.split(',').filter(Boolean).map(s => takes(Buffer.from(s, 'base64url').toString(), text, request.headers))
		const changed = secrets.split(',').filter(Boolean).flatMap(s => takes(Buffer.from(s, 'base64url').toString(), text + ' ', request.headers))
		appendFileSync(process.argv[2], JSON.stringify({ path: request.url, status, id: request.headers['webhook-id'],
			timestamp: Number(request.headers['webhook-timestamp']), signatures: request.headers['webhook-signature'].split(' ').length,
			type: request.headers['content-type'], agent: request.headers['user-agent'], method: request.method,
			headers: request.headers, body: body.toString('base64'), verified, changed }) + '\n')
		response.writeHead(status, { 'Content-Type': 'text/plain', ...(status >= 300 && status < 400 ? { Location: '/x/200' } : {}),
			...(status === 429 ? { 'Retry-After': '77' } : {}) })
		response.end(status === 200 ? 'thank you' : 'not now')
	})
}).listen(0, '127.0.0.1', function () {
	console.log(this.address().port)
})
