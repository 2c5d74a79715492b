// Holds a connection to each server; when its process ends, however it ends, the kernel closes it.
import { connect } from 'node:net';
import { answer, instant, tell } from './answer.js';

answer({
  open() {},
  connect({ id, socket }) {
    const connection = connect(socket, () => tell({ id, type: 'add', at: instant() }));
    connection.on('error', () => {});
    connection.on('close', () => tell({ id, type: 'remove', at: instant() }));
  },
});
