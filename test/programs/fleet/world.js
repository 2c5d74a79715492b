// What all sessions of one server share: what it is called, where it is, how it has changed.
import { grown } from './tools.js';

export class World {
  /** The port or the path it listens at. */
  at;
  touched = 0;
  grownTools = {};
  floods = false;
  /** Those who must hear of changes: { changed, grown(name, tool), updated(uri) }. */
  listeners = new Set();

  constructor(name) {
    this.name = name;
  }

  uri(path) {
    return `test://${encodeURIComponent(this.name)}/${path}`;
  }

  changed() {
    for (const listener of this.listeners) listener.changed();
  }

  grow() {
    const n = Object.keys(this.grownTools).length + 1;
    const name = `grown_${n}`;
    this.grownTools[name] = grown(n);
    for (const listener of this.listeners) listener.grown(name, this.grownTools[name]);
    return name;
  }

  touch() {
    this.touched++;
    for (const listener of this.listeners) listener.updated(this.uri('static/1'));
    return `touched ${this.touched}`;
  }
}
