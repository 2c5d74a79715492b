// The owner of one entry, which it changes when told.
import { register } from 'rollcall';
import { server } from '../by-hand.js';
import { answer } from './answer.js';

let registration;
answer({
  async register() {
    registration = await register(server(0));
    return registration.id;
  },
  update: (n) => registration.update({ metadata: { ...server(0).metadata, n } }),
});
