import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { verifyWebhook } from "@corm/plugin-workflow";
import { expect, it } from "vitest";

/** Signatures that somebody else has made: where the reference data lie. */
const folder = process.env["CORM_DATA_DIR"] ?? join(import.meta.dirname, "../../../../shared/data");
const file = join(folder, "webhook-signatures/cases.json");

interface Case {
  readonly id: string | number;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly now: number;
  readonly valid: boolean;
}

it.skipIf(!existsSync(file))(
  "signatures of the reference data are taken and refused as they should be",
  () => {
    const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };
    const differing = cases.filter(({ secret, headers, body, now, valid }) => {
      const given = {
        id: headers["webhook-id"],
        timestamp: headers["webhook-timestamp"],
        signature: headers["webhook-signature"],
      };
      return verifyWebhook([secret], given, body, now) !== valid;
    });
    expect(differing.map(({ id }) => id)).toEqual([]);
    expect(cases.length).toBeGreaterThan(0);
  },
);
