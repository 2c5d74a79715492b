/** A monitor that says what a test wants. */

import type { Health, HealthSource } from '../../src/health/health.js';

type Known = Pick<Health, 'status' | 'responseTime' | 'suspended'> & Partial<Health>;

export class FakeHealth implements HealthSource {
  readonly known = new Map<string, Known>();

  of(id: string): Known | undefined {
    return this.known.get(id);
  }

  set(id: string, status: Health['status'], more: Partial<Health> = {}): void {
    this.known.set(id, { status, ...more });
  }
}
