/** The part of node:fs that the file store uses: a parameter, so that a test can make any call of it fail. */

import * as fs from 'node:fs';

/** Functions of node:fs, with their meaning and their errors. The store calls nothing else on its files. */
export type FileSystem = Pick<
  typeof fs,
  | 'chmodSync'
  | 'closeSync'
  | 'fchmodSync'
  | 'fstatSync'
  | 'linkSync'
  | 'lstatSync'
  | 'lutimesSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readSync'
  | 'renameSync'
  | 'rmdirSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export const systemFileSystem: FileSystem = fs;
