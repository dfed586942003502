import type { ContactInput } from "@corm/core";
import type { DealInput } from "./deals.js";

export type CustomerInput = ContactInput & { readonly status?: "prospect" | "customer" | "former" };

const first = "Ada Grace Alan Edsger Barbara Donald Frances John Margaret Tim Radia Ken".split(" ");
const last = "Moreau Keller Novak Silva Haddad Okafor Lindgren Tanaka Petrov Byrne Costa Weiss".split(" ");
const titles = "Buyer,Head of Sales,Engineer,Managing Director,Accountant".split(",");
const industries = "software retail health machines food".split(" ");

/** The same numbers between 0 and 1 on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Inputs of any number of records, always the same. */
export class Data {
  private readonly random = seeded(20_170_101);
  private made = 0;

  account(): { name: string; domain: string; industry: string; employees: number } {
    const n = this.next();
    const name = `${this.pick(last)} ${this.pick(industries)} ${n}`;
    return { name, domain: `company${n}.example`, industry: this.pick(industries), employees: n % 900 };
  }

  contact(accounts: readonly string[]): CustomerInput {
    const n = this.next();
    const [firstName, lastName] = [this.pick(first), this.pick(last)];
    return {
      firstName,
      lastName,
      email: `${firstName}.${lastName}.${n}@Example.org`,
      phone: `+49 30 ${1_000_000 + n}`,
      title: this.pick(titles),
      accountId: this.pick(accounts),
      status: this.pick(["prospect", "customer", "former"] as const),
    };
  }

  deal(accounts: readonly string[], contacts: readonly string[]): DealInput {
    const n = this.next();
    const month = 1 + Math.floor(this.random() * 24);
    const day = String(1 + (n % 28)).padStart(2, "0");
    const closeDate = `${month > 12 ? 2025 : 2024}-${String(((month - 1) % 12) + 1).padStart(2, "0")}-${day}`;
    return {
      name: `Deal ${n}`,
      stage: this.pick(["open", "won", "lost"] as const),
      amount: { amount: `${Math.floor(this.random() * 90_000) + 100}.50`, currency: "EUR" },
      closeDate,
      accountId: this.pick(accounts),
      contactId: this.pick(contacts),
    };
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  private next(): number {
    this.made += 1;
    return this.made;
  }
}
