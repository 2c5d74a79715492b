// What a server does that uses rollcall.
import { register } from 'rollcall';

await register({
  name: 'weather',
  version: '2.1.0',
  kind: 'mcp',
  endpoints: [{ type: 'streamable-http', url: 'http://127.0.0.1:7778/mcp' }],
  capabilities: ['weather.current', 'weather.forecast'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', priority: 9 },
});
