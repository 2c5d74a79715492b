/** Where an instance stands before hosts. */

import type { Instance } from '../core/instance.js';

export interface Place {
  /** Whoever comes to stand at the same is the successor of who stood there. */
  readonly key: string;
  /** What hosts call it; several may stand behind one. */
  readonly label: string;
  readonly instance: Instance;
}
