// mail.mjs - mails as an independent reader (npm mailparser) understands them.
//
//	node mail.mjs FOLDER EXPECTED      TAP lines, one a promise, numbered from FIRST in the environment
//
// FOLDER holds what a mail server delivered (Maildir "new"); EXPECTED is JSON:
// {"site","from":{"name","address"},"domain","created","mails":[{"name","to","recipient","payload"}]}
import { createRequire } from 'node:module'
import { readFileSync, readdirSync } from 'node:fs'
const { simpleParser } = createRequire(process.env.MODULES)('mailparser')

const [, , folder, file] = process.argv
const want = JSON.parse(readFileSync(file))
let count = Number(process.env.FIRST || 1) - 1
const faults = {}

const lines = s => s.replace(/\r\n?/g, '\n').replace(/\n+$/, '')
const header = (mail, name) => mail.headerLines.filter(l => l.key === name).map(l => l.line.replace(/^[^:]*:\s*/, '').replace(/\r?\n\s+/g, ' '))
function hold(promise, what, got, expected) {
	faults[promise] ??= []
	if (JSON.stringify(got) !== JSON.stringify(expected))
		faults[promise].push(`${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(expected)}`)
}

const received = new Map()
for (const name of readdirSync(folder)) {
	const mail = await simpleParser(readFileSync(`${folder}/${name}`), { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true })
	const to = header(mail, 'envelope-to')[0]
	received.set(to, [...(received.get(to) || []), mail])
}

const ways = new Set()
hold('every mail arrived, none twice, nothing else', 'who', [...received].map(([to, m]) => `${to} ${m.length}`).sort(), want.mails.map(m => `${m.to} 1`).sort())
for (const { name, to, recipient, payload } of want.mails) {
	const mail = received.get(to)?.[0]
	if (!mail) continue
	const unsubscribe = header(mail, 'list-unsubscribe')[0] ?? ''
	const way = unsubscribe.replace(/^<|\/unsubscribe>$/g, '')
	ways.add(way)
	hold('the subject is what was written, in any script', to, mail.subject, payload.subject)
	hold('the text is what was written', to, lines(mail.text), lines(payload.text.replaceAll('{unsubscribe}', way)))
	hold('the HTML is what was written', to, lines(mail.html), lines(payload.html.replaceAll('{unsubscribe}', way)))
	hold('From, To and Date are ours', to, [mail.from.value, mail.to.value.map(a => a.address), mail.date.getTime()],
		[[{ address: want.from.address, name: want.from.name }], [to], Math.floor(want.created / 1000) * 1000])
	hold('the Message-ID is the name of the message', to, mail.messageId, `<${name}@${want.domain}>`)
	hold('List-Unsubscribe leads to the reader’s own subscription', to,
		[unsubscribe.startsWith(`<${want.site}/subscriptions/${recipient}-`), mail.headers.get('list').unsubscribe.url], [true, `${way}/unsubscribe`])
	hold('and takes one click', to, header(mail, 'list-unsubscribe-post'), ['List-Unsubscribe=One-Click'])
	hold('machines know that a machine wrote it', to, [header(mail, 'auto-submitted'), header(mail, 'x-auto-response-suppress')], [['auto-generated'], ['All']])
	hold('language and urgency are told', to, [header(mail, 'content-language'), header(mail, 'importance')],
		[[payload.language], payload.urgent ? ['high'] : []])
	hold('a bounce would tell which message it is about', to, mail.headers.get('return-path').value[0].address, `bounce+${name}@${want.domain}`)
	hold('it came over TLS, signed in', to, /with esmtpsa/.test(header(mail, 'received')[0]), true)
}
hold('no two readers have the same way out', 'ways', ways.size, want.mails.length)

for (const [promise, found] of Object.entries(faults)) {
	console.log(`${found.length ? 'not ok' : 'ok'} ${++count} - ${promise}`)
	for (const fault of found.slice(0, 3)) console.log(`# ${fault.slice(0, 600)}`)
}
