/** Tenants that may have something in a queue, in the order of their turns. */
export class Turns {
  readonly #queues = new Map<string, Set<string>>();

  /** Behind the others, unless it is among them already. */
  add(queue: string, tenant: string): void {
    const tenants = this.#queues.get(queue);
    if (tenants) tenants.add(tenant);
    else this.#queues.set(queue, new Set([tenant]));
  }

  next(queue: string, limit: number, isWanted: (tenant: string) => boolean): string[] {
    const found: string[] = [];
    for (const tenant of this.#queues.get(queue) ?? []) {
      if (found.length === limit) break;
      if (isWanted(tenant)) found.push(tenant);
    }
    return found;
  }

  /** It had its turn: the others are before it. */
  passed(queue: string, tenant: string): void {
    this.remove(queue, tenant);
    this.add(queue, tenant);
  }

  remove(queue: string, tenant: string): void {
    this.#queues.get(queue)?.delete(tenant);
  }
}
