/** The hub with a real monitor and a real router: `rollcall hub --health --merge`. */

import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Member, startFleet } from '../support/fleet.js';
import { startHub } from '../support/hub.js';
import { tempFolder } from '../support/temp.js';

test.each(['v1', 'v2'] as const)(
  'a server that hangs is not listed to hosts of %s until it answers again',
  async (kind) => {
    const stage = { directory: `${tempFolder()}/registry` };
    const ENTRY = '{"health":{"interval":1000,"timeout":500,"failureThreshold":1,"successThreshold":1}}';
    const [hanging] = (await startFleet(stage, [
      { flavour: 'v2-http', name: 'w', env: { ENTRY } },
      { flavour: 'v2-http', name: 'steady' },
    ])) as [Member, Member];
    const host = await startHub(kind, stage, ['--expose', 'direct', '--health', '--merge']);
    const has = async (name: string) => (await host.listTools()).some((tool) => tool.name === name);
    await eventually('it is listed', () => has('w__echo'));
    hanging.running.child.kill('SIGSTOP');
    await eventually('it is not listed any more', async () => !(await has('w__echo')), 30_000);
    expect(await has('steady__echo')).toBe(true);
    expect(await host.say('w__echo', { text: 'x' })).toMatch(/critical.*does not answer/);
    hanging.running.child.kill('SIGCONT');
    await eventually('it is listed again', () => has('w__echo'), 30_000);
    expect(await host.say('w__echo', { text: 'x' })).toBe('x');
  },
  90_000,
);

test('calls are balanced between two of one name, and all go to the other when one hangs', async () => {
  const stage = { directory: `${tempFolder()}/registry` };
  const ENTRY = '{"health":{"interval":1000,"timeout":500,"failureThreshold":1,"successThreshold":1}}';
  const [one, two] = (await startFleet(stage, [
    { flavour: 'v2-http', name: 'w', env: { ENTRY } },
    { flavour: 'v2-http', name: 'w', env: { ENTRY } },
  ])) as [Member, Member];
  const host = await startHub('v2', stage, ['--expose', 'direct', '--health', '--merge']);
  const answered = async () => {
    const result = await host.callTool('w__echo', { text: 'x' });
    return (result._meta?.['rollcall/instance'] as { id: string } | undefined)?.id;
  };
  const seen = new Set<string | undefined>();
  await eventually('both have answered', async () => {
    seen.add(await answered());
    return seen.has(one.instance.id) && seen.has(two.instance.id);
  });
  one.running.child.kill('SIGSTOP');
  await eventually(
    'the hub knows that it is critical',
    async () => (await host.say('rollcall_instances', { query: 'w' })).includes('"health":"critical"'),
    30_000,
  );
  for (let call = 0; call < 10; call++) expect(await answered()).toBe(two.instance.id);
  one.running.child.kill('SIGCONT');
}, 90_000);
