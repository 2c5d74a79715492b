// Starts test/programs/churn.js again and again, several at a time, and kills each with SIGKILL some ms after it has
// registered. argv: how many at a time, how many ms at most, and churn's own. Prints `killed <time> <id>` when one is
// gone, and anything else that one says or does. Ends when its stdin does.
import { spawn } from 'node:child_process';

const [parallel, within, ...args] = process.argv.slice(2);
const churn = new URL('churn.js', import.meta.url).pathname;
let isOver = false;
process.stdin.resume().on('end', () => {
  isOver = true;
});
const say = (line) => process.stdout.write(`${line}\n`);

function run() {
  const child = spawn(process.execPath, [churn, ...args]);
  let id = '';
  child.stdout.on('data', (data) => {
    if (id === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * Number(within));
    id = /registered (\S+)\n$/.exec(data)?.[1] ?? id;
  });
  child.stderr.on('data', (data) => say(`strange ${data}`));
  child.on('exit', (code, signal) => {
    if (signal === 'SIGKILL') say(`killed ${Date.now()} ${id}`);
    else say(`strange end ${signal ?? code}`);
    if (!isOver) run();
  });
}
for (let index = 0; index < Number(parallel); index++) run();
