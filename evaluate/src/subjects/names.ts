import { type PersonName, parsePersonName } from "@corm/core";
import type { Subject } from "../subject.js";

interface Case {
  readonly raw: string;
  readonly expected: Partial<PersonName>;
}

export const names: Subject = {
  name: "names",
  needs: ["person-names"],
  run: (data) => {
    const { cases } = JSON.parse(data("person-names/cases.json")) as { cases: Case[] };
    const right = cases.filter(({ raw, expected }) => {
      const parts = parsePersonName(raw);
      return Object.entries(expected).every(([part, text]) => parts[part as keyof PersonName] === text);
    });
    return [
      {
        what: `person names: all parts, ${cases.length}`,
        method: "parsePersonName",
        preprocessing: "none",
        measure: "accuracy",
        figure: right.length / cases.length,
        reference: 0.73,
        by: "best npm package",
      },
    ];
  },
};
