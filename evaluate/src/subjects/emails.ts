import { isEmail } from "@corm/core";
import type { Subject } from "../subject.js";

interface Case {
  readonly address: string;
  readonly must: "accept" | "reject" | "either";
}

export const emails: Subject = {
  name: "emails",
  needs: ["email-addresses"],
  run: (data) => {
    const { cases } = JSON.parse(data("email-addresses/cases.json")) as { cases: Case[] };
    const decided = cases.filter(({ must }) => must !== "either");
    const right = decided.filter(({ address, must }) => isEmail(address) === (must === "accept"));
    return [
      {
        what: `e-mail syntax: accepted or refused, ${decided.length}`,
        method: "isEmail",
        preprocessing: "none; undecided cases left out",
        measure: "accuracy",
        figure: right.length / decided.length,
        reference: 0.95,
        by: "aim",
      },
    ];
  },
};
