// Preloaded into a program (node --import): writes to the file WITNESS, when it ends, which kinds of connection and
// process it has made. Node tells of each when it makes it; nothing is replaced.
import { createHook } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';

const told = /^(TCP|UDP|PIPECONNECT|PROCESS|GETADDRINFO|GETNAMEINFO|QUERY|HTTP|TLS|WORKER)/;
const seen = {};
createHook({
  init(_, type) {
    if (told.test(type)) seen[type] = (seen[type] ?? 0) + 1;
  },
}).enable();
process.on('exit', () => writeFileSync(process.env.WITNESS, JSON.stringify(seen)));
