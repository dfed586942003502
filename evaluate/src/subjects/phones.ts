import { parsePhone } from "@corm/core";
import type { Subject } from "../subject.js";

interface Case {
  readonly raw: string;
  readonly default_country: string;
  readonly e164: string | null;
  readonly extension?: string | null;
}

export const phones: Subject = {
  name: "phones",
  needs: ["phone-numbers"],
  run: (data) => {
    const { cases } = JSON.parse(data("phone-numbers/cases.json")) as { cases: Case[] };
    const read = cases.map((one) => ({ one, phone: parsePhone(one.raw, one.default_country) }));
    const right = read.filter(({ one, phone }) => (phone?.e164 ?? null) === one.e164);
    const valid = read.filter(({ one }) => one.e164 !== null);
    const extended = valid.filter(({ one, phone }) => (phone?.extension ?? null) === (one.extension ?? null));
    const common = { preprocessing: "none", measure: "accuracy", by: "aim" };
    return [
      {
        what: `phone numbers: E.164 or refused, ${cases.length}`,
        method: "parsePhone",
        ...common,
        figure: right.length / cases.length,
        reference: 0.99,
      },
      {
        what: `phone numbers: extension, ${valid.length}`,
        method: "parsePhone",
        ...common,
        figure: extended.length / valid.length,
        reference: 0.99,
      },
    ];
  },
};
