/** Where an instance is reached. */

import { expect, test } from 'vitest';
import { addressOf, urlOf } from '../../src/core/address.js';
import type { Endpoint } from '../../src/core/instance.js';
import { makeInstance } from '../support/make-instance.js';

const stdio = { type: 'stdio' };
const http = { type: 'http', url: 'http://127.0.0.1:1/' };
const sse = { type: 'sse', url: 'http://127.0.0.1:2/' };
const socket = { type: 'unix', socketPath: '/run/x.sock' };
const having = (...endpoints: Endpoint[]) => makeInstance({ id: 'a', endpoints });

test('the URL is that of the first endpoint that has one, or of the first of a type', () => {
  expect(urlOf(having(stdio, socket, http, sse))).toBe(http.url);
  expect(urlOf(having(http, sse), 'sse')).toBe(sse.url);
  expect(urlOf(having({ type: 'sse' }, sse), 'sse')).toBe(sse.url);
});

test.each<[Endpoint[], string | undefined, string]>([
  [[], undefined, 'a: has no URL; its endpoints: none'],
  [[stdio, socket], undefined, 'a: has no URL; its endpoints: stdio, unix'],
  [[http], 'ws', 'a: has no URL of type ws; its endpoints: http'],
  [[{ type: '\u001b[2J' }], undefined, 'a: has no URL; its endpoints: \\u{1b}[2J'],
])('without one it says what there is (%j, %s)', (endpoints, type, told) => {
  expect(() => urlOf(having(...endpoints), type)).toThrow(
    expect.objectContaining({ code: 'ROLLCALL_INVALID', message: `The instance is not valid:\n  ${told}` }),
  );
});

test('the address in one word is a URL, a path, or the type', () => {
  expect(addressOf(having(stdio, http))).toBe(http.url);
  expect(addressOf(having(stdio, socket, http))).toBe('/run/x.sock');
  expect(addressOf(having(stdio))).toBe('stdio');
  expect(addressOf(having())).toBeUndefined();
});

test('the URL of no instance, as pick gives it when nothing matches, is a clear error', () => {
  expect(() => urlOf(undefined as never)).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
});
