// letters.mjs - what lies in a mailbox for somebody, in the order of arrival: a JSON array.
//
//	node letters.mjs FOLDER ADDRESS
import { createRequire } from 'node:module'
import { readFileSync, readdirSync, statSync } from 'node:fs'
const { simpleParser } = createRequire(process.env.MODULES)('mailparser')

const [, , folder, address] = process.argv
const header = (mail, name) => mail.headerLines.filter(l => l.key === name).map(l => l.line.replace(/^[^:]*:\s*/, ''))[0] ?? null
const files = readdirSync(folder).map(name => `${folder}/${name}`).sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
const letters = []
for (const file of files) {
	const mail = await simpleParser(readFileSync(file), { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true })
	if (header(mail, 'envelope-to') !== address) continue
	letters.push({
		subject: mail.subject, text: mail.text, html: mail.html, id: mail.messageId,
		list: mail.headers.get('list')?.unsubscribe?.url ?? null, click: header(mail, 'list-unsubscribe-post'),
		language: header(mail, 'content-language'), importance: header(mail, 'importance')
	})
}
console.log(JSON.stringify(letters))
