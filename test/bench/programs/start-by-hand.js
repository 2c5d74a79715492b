// The usual parts: checked by zod, locked by proper-lockfile, written by write-file-atomic.
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';

const schema = z.object({
  name: z.string(),
  version: z.string().optional(),
  kind: z.string().optional(),
  endpoints: z.array(z.object({ type: z.string(), url: z.url() })),
  capabilities: z.array(z.string()),
  tags: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
  pid: z.int().positive(),
  registeredAt: z.iso.datetime(),
});
const entry = schema.parse({
  name: 'weather',
  version: '2.1.0',
  kind: 'mcp',
  endpoints: [{ type: 'streamable-http', url: 'http://127.0.0.1:7778/mcp' }],
  capabilities: ['weather.current', 'weather.forecast'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', priority: 9 },
  pid: process.pid,
  registeredAt: new Date().toISOString(),
});
const path = join(process.env.FOLDER, `weather-${process.pid}.json`);
const release = await lockfile.lock(path, { realpath: false, onCompromised: () => {} });
await writeFileAtomic(path, JSON.stringify(entry), { mode: 0o600 });
await release();
process.on('exit', () => unlinkSync(path));
