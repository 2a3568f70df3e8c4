// bull.mjs - the same deliveries by BullMQ: one worker process, 64 at once.
//
//	node bull.mjs REDIS-SOCKET URL fill N     puts N jobs into the queue
//	node bull.mjs REDIS-SOCKET URL work N     does them, and ends after N
//
// Like the dispatcher it gives each message an id, signs it, posts it over kept
// connections, and tries again what fails.
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';

const { Queue, Worker } = createRequire(process.env.MODULES)('bullmq');
const [path, url, what, count] = process.argv.slice(2);
const connection = { path, maxRetriesPerRequest: null };
const n = Number(count);
const secret = Buffer.alloc(32, 7);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const body = JSON.stringify({
	type: 'alert.published', n: 0, data: {
		title: 'Flood warning for the lower town',
		message: 'The river will reach the quay this evening. Move cars and what is dear to you to higher ground; '
			+ 'the school on the hill takes in who needs a bed.',
		severity: 'Severe', urgency: 'Expected', certainty: 'Likely', locations: ['city-CJ'],
	},
});

function post(id) {
	const at = Math.floor(Date.now() / 1000);
	const mac = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64');
	return new Promise((done, fail) => {
		const request = http.request(url, {
			method: 'POST', agent, timeout: 15000, headers: {
				'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${mac}`,
				'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body),
			},
		}, (answer) => {
			answer.resume();
			answer.on('end', () => (answer.statusCode < 300 ? done() : fail(new Error(answer.statusCode))));
		});
		request.on('error', fail);
		request.end(body);
	});
}

if (what === 'fill') {
	const queue = new Queue('webhooks', { connection });
	for (let i = 0; i < n; i += 1000) {
		await queue.addBulk(Array.from({ length: Math.min(1000, n - i) }, (_, k) => ({
			name: 'webhook', data: { id: `msg_bull_${i + k}` },
			opts: { attempts: 8, backoff: { type: 'exponential', delay: 5000 }, removeOnComplete: true },
		})));
	}
	await queue.close();
} else {
	let done = 0;
	const worker = new Worker('webhooks', (job) => post(job.data.id), { connection, concurrency: 64 });
	worker.on('completed', async () => {
		if (++done === n) {
			await worker.close();
			process.exit(0);
		}
	});
	worker.on('failed', (job, error) => console.error('bull:', error.message));
}
