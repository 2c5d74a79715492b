// The least that registers a server: no check, no care.
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(process.env.FOLDER, `weather-${process.pid}.json`);
const entry = {
  name: 'weather',
  version: '2.1.0',
  kind: 'mcp',
  endpoints: [{ type: 'streamable-http', url: 'http://127.0.0.1:7778/mcp' }],
  capabilities: ['weather.current', 'weather.forecast'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', priority: 9 },
  pid: process.pid,
  registeredAt: new Date().toISOString(),
};
writeFileSync(`${path}.draft`, JSON.stringify(entry), { mode: 0o600 });
renameSync(`${path}.draft`, path);
process.on('exit', () => unlinkSync(path));
