// All servers in one file, by conf.
import Conf from 'conf';

const conf = new Conf({ cwd: process.env.SINGLE, configName: 'servers', projectName: 'bench' });
conf.set(`servers.weather-${process.pid}`, {
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
process.on('exit', () => conf.delete(`servers.weather-${process.pid}`));
